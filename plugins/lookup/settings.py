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
  - Returns settings of the stack. Each is the value of a variable C(cosmogony_*) of the inventory, or otherwise the
    default of the schema C(meta/settings.schema.yml) of this collection. Values are checked and have the type of the
    schema.
  - A setting has two names, made of its path in the schema. C(max_loss_percent) in the dictionary C(cosmogony_gate)
    is the same as C(cosmogony_gate_max_loss_percent), which wins. A dictionary may be partial.
  - A null value and blank text mean that a setting is not given, in both spellings. Booleans, numbers, lists and
    dictionaries may be given as text, as surveys and C(-e) do.
  - Fails if the inventory has variables C(cosmogony_*) or keys that are not settings, and lists all of them with the
    names that were probably meant. Only values of the settings that are asked for are evaluated and checked.
options:
  _terms:
    description:
      - Paths of sections and of settings, such as V(gate) and V(storage.bucket); without any, the whole tree.
      - With several paths use C(query), which returns a list with one value for each. C(lookup) may join them to one
        text.
    type: list
    elements: str
seealso:
  - plugin: cosmogony.stack.role_options
    plugin_type: lookup
  - plugin: cosmogony.stack.role_settings
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: One setting
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.settings', 'storage.bucket') }}"

- name: A section, complete and typed
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.settings', 'gate').max_loss_percent + 1 }}"

- name: Two settings
  ansible.builtin.debug:
    msg: "{{ query('cosmogony.stack.settings', 'storage.bucket', 'database.name') | join(' and ') }}"

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
  sample: [cosmogony]
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._settings import parse_path
from ..plugin_utils._variables import Evaluator, copy_value_at, read_settings


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin settings."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the setting or section at each path such as storage.bucket; all settings without a path."""
        self.set_options(var_options=variables, direct=kwargs)
        variables = variables or {}
        try:
            paths = [parse_path(term) for term in terms] or [()]
            tree = read_settings(Evaluator(self._templar, variables), variables, paths)
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from error
        return [copy_value_at(path, tree) for path in paths]
