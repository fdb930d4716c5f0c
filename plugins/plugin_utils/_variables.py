# SPDX-License-Identifier: Apache-2.0
"""Values of variables as a lookup plugin sees them: templates that are evaluated only when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.cosmogony.stack.plugins.plugin_utils._values import is_list

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, which asks where a template comes from

    def trust_as_template(value: str) -> str:
        """Return text as it is."""
        return value


class Evaluator:
    """Evaluates the templates in values of variables, and collects those that fail."""

    def __init__(self, templar: Any, variables: Mapping[str, Any]) -> None:
        self.templar = templar
        self.omit = variables.get("omit")
        self.problems: list[str] = []

    def use(self, variables: Mapping[str, Any]) -> None:
        """Let templates see these variables from now on."""
        self.templar = self.templar.copy_with_new_env(available_variables=variables)

    def evaluate(self, value: Any, name: str) -> Any:
        """Return a value with every template in it evaluated, as plain dictionaries, lists and scalars.

        One that uses ``omit``, and one that fails, is null. The latter is described under ``name`` in ``problems``.
        """
        if isinstance(value, Mapping):
            return {key: self.evaluate(entry, f"{name}.{key}") for key, entry in value.items()}
        if hasattr(value, "__ENCRYPTED__"):  # a single value from ansible-vault, before ansible-core 2.19
            return str(value)
        if is_list(value):
            return [self.evaluate(entry, f"{name}[{number}]") for number, entry in enumerate(value)]
        if not isinstance(value, str):
            return value
        try:
            return self._plain(self.templar.template(value))
        except AnsibleError as error:
            if type(error).__name__ != "AnsibleValueOmittedError":  # how ansible-core says `omit` since 2.19
                self.problems.append(f"{name} cannot be evaluated: {' '.join(str(error).split())}")
            return None

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str) and value == self.omit:  # how ansible-core says it before
            return None
        if isinstance(value, Mapping):
            return {key: self._plain(entry) for key, entry in value.items()}
        if is_list(value):
            return [self._plain(entry) for entry in value]
        return value


def trust(value: Any) -> Any:
    """Return content of a file of this collection, with its templates to be evaluated."""
    if isinstance(value, Mapping):
        return {key: trust(entry) for key, entry in value.items()}
    if is_list(value):
        return [trust(entry) for entry in value]
    return trust_as_template(value) if isinstance(value, str) else value
