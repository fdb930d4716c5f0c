# SPDX-License-Identifier: Apache-2.0
"""Filter: settings with everything that they do not give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import complete_tree

DOCUMENTATION = r"""
name: complete_settings
short_description: Settings with everything that they do not give
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Checks a tree of settings by the schema C(meta/settings.schema.yml) of this collection, brings each value into its
    type, and adds what is not given. Null values and blank text count as not given.
  - Keys that are no settings and values that do not fit are refused, all of them at once.
options:
  _input:
    description: Sections and settings, such as a dictionary C(gate) with C(max_loss_percent).
    type: dict
    required: true
  over:
    description: Settings that count where the input gives nothing; without them the defaults do.
    type: dict
    default: {}
  prefix:
    description: What messages put before the name of a section, so that they name the option of a role.
    type: str
    default: ''
seealso:
  - plugin: cosmogony.stack.settings
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Options of a role, complete and typed
  ansible.builtin.debug:
    msg: "{{ {'gate': workflows_gate} | cosmogony.stack.complete_settings(prefix='workflows_') }}"

- name: One limit of the gate is another one than in the inventory
  ansible.builtin.debug:
    msg: >-
      {{ ({'gate': {'max_loss_percent': 3}}
          | cosmogony.stack.complete_settings(over=lookup('cosmogony.stack.settings'))).gate }}
"""

RETURN = r"""
_value:
  description: The whole tree.
  type: dict
"""


def complete_settings(given: Any, over: Mapping[str, Any] | None = None, prefix: str = "") -> dict[str, Any]:
    """Return the tree that was given, complete."""
    if not isinstance(given, Mapping):
        raise AnsibleFilterError("complete_settings: the input is no dictionary of sections")
    try:
        return complete_tree(given, over, prefix)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"complete_settings": complete_settings}
