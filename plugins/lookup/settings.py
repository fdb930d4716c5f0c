# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: the effective settings of the stack."""

from __future__ import annotations

DOCUMENTATION = r"""
name: settings
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Effective settings of the stack
description:
  - Returns what the variables C(cosmogony_*) of the inventory give, checked and in its type, over the defaults of the
    schema C(meta/settings.schema.yml) of this collection.
  - A setting has two names, made of its path in the schema. C(max_loss_percent) in the dictionary C(cosmogony_gate)
    is the same as C(cosmogony_gate_max_loss_percent), which wins. A dictionary may be partial.
  - A null value and blank text mean that a setting is not given, in both spellings. Booleans, numbers, lists and
    dictionaries may be given as text, as surveys and C(-e) do.
  - Names and keys that are no settings are refused, all of them at once, each with the name that is meant. Values are
    evaluated, and checked, only where they belong to what is asked for.
options:
  _terms:
    description: Paths of sections and of settings, such as V(gate) and V(storage.bucket); without any, the whole tree.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: One setting
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.settings', 'storage.bucket') }}"

- name: A section, complete and typed
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.settings', 'gate').max_loss_percent + 1 }}"

- name: Check all settings
  ansible.builtin.assert:
    that: lookup('cosmogony.stack.settings') is mapping
    quiet: true
  no_log: true # passwords are among them
"""

RETURN = r"""
_raw:
  description: The setting, the section or the tree of each term.
  type: list
  elements: raw
"""

from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.cosmogony.stack.plugins.plugin_utils._former_names import FORMER_NAMES, former_names
from ansible_collections.cosmogony.stack.plugins.plugin_utils._schema import (
    PREFIX,
    Keys,
    load_schema,
    names_of_variables,
    schema_at,
)
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import (
    RefusalError,
    settings_of_variables,
    unknown_setting,
)
from ansible_collections.cosmogony.stack.plugins.plugin_utils._variables import Evaluator


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """Lookup plugin entry point."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return what is at each path."""
        self.set_options(var_options=variables, direct=kwargs)
        variables = variables or {}
        try:
            paths = [path_of(term) for term in terms] or [()]
            try:
                tree = self._read(variables, paths)
            except RefusalError:
                tree = self._read(variables, [()])  # names everything else that is wrong as well
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from error
        return [value_at(path, tree) for path in paths]

    def _read(self, variables: dict[str, Any], paths: list[Keys]) -> dict[str, Any]:
        """Return the settings, in which only what is at ``paths`` counts."""
        known, evaluator = names_of_variables(), Evaluator(self._templar, variables)
        values: dict[str, Any] = {}
        for name in variables:
            if name.startswith(PREFIX) and name not in FORMER_NAMES:
                wanted = name in known and any(overlap(known[name], path) for path in paths)
                values[name] = evaluator.evaluate(variables[name], name) if wanted else None
        return settings_of_variables(values, [*former_names(variables), *evaluator.problems])


def path_of(term: str) -> Keys:
    """Return the path that a term names.

    Raises:
        ValueError: the schema has no such path.
    """
    path = tuple(term.split("."))
    try:
        schema_at(path, load_schema())
    except KeyError:
        raise ValueError(unknown_setting(term)) from None
    return path


def value_at(path: Keys, tree: Any) -> Any:
    """Return what a tree has at a path."""
    for key in path:
        tree = tree[key]
    return tree


def overlap(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether one of two paths is above the other, or the same."""
    return all(a == b for a, b in zip(one, other, strict=False))
