# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: the effective options of a role."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_options
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Effective options of a role
description:
  - Returns the variables that C(defaults/main.yml) of a role names, without the name of the role before them.
  - A variable that is null or blank text has its default of that file. Defaults that are made of other variables use
    the defaults of those too.
  - A dictionary for an option that is named like a section of the settings is checked by the schema. Keys that it does
    not have are taken from the default.
  - A value has the type of its default. Booleans, numbers, lists and dictionaries may be given as text, as surveys and
    C(-e) do. The task fails and lists all values that do not fit.
  - For the roles of this collection and of those that are built like them.
options:
  _terms:
    description: >-
      Names of roles; of another collection as C(NAMESPACE.COLLECTION.ROLE).
    type: list
    elements: str
    required: true
seealso:
  - plugin: cosmogony.stack.settings
    plugin_type: lookup
  - plugin: cosmogony.stack.role_settings
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show how many releases the role tile_cache would keep
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.role_options', 'tile_cache').keep }}"

- name: Show whether an update would only ask the sources
  ansible.builtin.debug:
    msg: "{{ options.dry_run }}"
  vars:
    options: "{{ lookup('cosmogony.stack.role_options', 'data_update') }}"
"""

RETURN = r"""
_raw:
  description: The options of each role, by name.
  type: list
  elements: dict
  sample: [{kubeconfig: "", context: "", namespace: cosmogony, to: "", reason: ""}]
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._role_options import convert_option, find_role, find_settings_as_defaults, read_role_defaults
from ..plugin_utils._settings import RefusedSettingsError
from ..plugin_utils._values import is_blank
from ..plugin_utils._variables import Evaluator, copy_value_at, read_settings


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin role_options."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return for each named role its options, checked and typed: the inventory's values over the defaults."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [self._read(role, variables or {}) for role in terms]
        except (OSError, ValueError) as error:
            raise AnsibleLookupError(str(error)) from error

    def _read(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the checked and typed options of one role."""
        folder = find_role(name)
        role = folder.name
        defaults = read_role_defaults(folder)
        evaluator = Evaluator(self._templar, variables)
        given = {
            name: value
            for name, default in defaults.items()
            if name in variables and variables[name] != default
            if not is_blank(value := evaluator.evaluate(variables[name], name))
        }
        settings = find_settings_as_defaults(defaults)
        tree = read_settings(evaluator, variables, settings.values())
        blank = {name: default for name, default in defaults.items() if name not in given}
        evaluator.set_variables({**variables, **blank, "role_path": str(folder)})
        problems: list[str] = []
        options: dict[str, Any] = {}
        for name, default in defaults.items():
            standard = copy_value_at(settings[name], tree) if name in settings else evaluator.evaluate(default, name)
            short = name.removeprefix(f"{role}_")
            try:
                options[short] = convert_option(role, short, given[name], standard) if name in given else standard
            except RefusedSettingsError as error:
                problems += error.problems
            except ValueError as error:
                problems.append(f"{name} {error}")
        if problems := [*evaluator.problems, *problems]:
            raise RefusedSettingsError(problems)
        return options
