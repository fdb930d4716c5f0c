# SPDX-License-Identifier: Apache-2.0
"""Reads Ansible variables in lookup plugins, and evaluates templates in only those values that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from ._former_names import FORMER_NAMES, describe_former_chart_values, describe_former_names
from ._schema import PREFIX, Keys, copy_deeply, map_variable_names
from ._settings import RefusedSettingsError, read_effective_settings
from ._values import is_list, to_dictionary

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 evaluates templates from any source

    def trust_as_template(value: str) -> str:
        """Return text unchanged."""
        return value


class Evaluator:
    """Evaluates templates in values of variables, and collects a message for each that fails."""

    def __init__(self, templar: Any, variables: Mapping[str, Any]) -> None:
        self.templar = templar
        self.omit = variables.get("omit")
        self.problems: list[str] = []

    def set_variables(self, variables: Mapping[str, Any]) -> None:
        """Replace the variables that templates can use."""
        self.templar = self.templar.copy_with_new_env(available_variables=variables)

    def evaluate(self, value: Any, name: str) -> Any:
        """Return a value with every template in it evaluated, as plain dictionaries, lists and scalars.

        One that uses ``omit``, and one that fails, is null. The latter is described under ``name`` in ``problems``.
        """
        if isinstance(value, Mapping):
            return {key: self.evaluate(entry, f"{name}.{key}") for key, entry in value.items()}
        if hasattr(value, "__ENCRYPTED__"):  # how ansible-core before 2.19 marks a value from ansible-vault
            return str(value)
        if is_list(value):
            return [self.evaluate(entry, f"{name}[{number}]") for number, entry in enumerate(value)]
        if value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and "{" not in value):
            return value
        try:
            return self._plain(self.templar.template(value))
        except AnsibleError as error:
            if type(error).__name__ != "AnsibleValueOmittedError":  # raised by ansible-core since 2.19 for `omit`
                self.problems.append(f"{name} cannot be evaluated: {' '.join(str(error).split())}")
            return None

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str) and value == self.omit:  # the placeholder of ansible-core before 2.19 for `omit`
            return None
        if isinstance(value, Mapping):
            return {key: self._plain(entry) for key, entry in value.items()}
        if is_list(value):
            return [self._plain(entry) for entry in value]
        return value


def read_settings(evaluator: Evaluator, variables: Mapping[str, Any], paths: Iterable[Keys]) -> Mapping[str, Any]:
    """Return the effective settings of the inventory as a tree. Copy it before changing it.

    Args:
        evaluator: Evaluates the values; only of those that belong to ``paths``, others count as not given.
        variables: All variables.
        paths: What is asked for.

    Raises:
        RefusedSettingsError: a name is unknown, or a value cannot be taken; everything that is wrong is named.
    """
    former = [
        *describe_former_names(variables),
        *describe_former_chart_values(_read_chart_values(evaluator, variables)),
    ]
    known = map_variable_names()
    names = [name for name in variables if name.startswith(PREFIX) and name not in FORMER_NAMES]
    asked = {
        name for name in names if name in known and any(_is_same_or_nested_path(known[name], path) for path in paths)
    }
    try:
        values = {name: evaluator.evaluate(variables[name], name) if name in asked else None for name in names}
        return read_effective_settings(values, [*former, *evaluator.problems])
    except RefusedSettingsError:
        values = {name: evaluator.evaluate(variables[name], name) for name in names}
        return read_effective_settings(values, [*former, *evaluator.problems])


def _read_chart_values(evaluator: Evaluator, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the inventory's variable chart_values; an empty dictionary where it cannot be evaluated yet."""
    given = variables.get("chart_values")
    if isinstance(given, str):
        given = Evaluator(evaluator.templar, variables).evaluate(given, "chart_values")
    try:
        return to_dictionary(given)
    except ValueError:
        return {}


def _is_same_or_nested_path(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether two paths of settings are the same or one is a section that contains the other."""
    return all(a == b for a, b in zip(one, other, strict=False))


def copy_value_at(path: Keys, tree: Any) -> Any:
    """Return a copy of the setting or section at a path of a tree."""
    for key in path:
        tree = tree[key]
    return copy_deeply(tree)


def trust_templates(value: Any) -> Any:
    """Return a value with all texts in it marked as trusted templates, for content of this collection's files."""
    if isinstance(value, Mapping):
        return {key: trust_templates(entry) for key, entry in value.items()}
    if is_list(value):
        return [trust_templates(entry) for entry in value]
    return trust_as_template(value) if isinstance(value, str) else value
