# SPDX-License-Identifier: Apache-2.0
"""Filter: the settings that the steps of a data update read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._schema import load_schema, select_step_settings

DOCUMENTATION = r"""
name: step_settings
short_description: The settings that the steps of a data update read
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Reduces a tree of settings to what C(meta/settings.schema.yml) marks with C(x-steps). No secret is among it.
  - With the number of its format this is the document C(settings.json) of the ConfigMap C(cosmogony-settings).
options:
  _input:
    description: The tree, complete and typed.
    type: dict
    required: true
seealso:
  - plugin: cosmogony.stack.role_settings
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: The document of the steps
  ansible.builtin.debug:
    msg: "{{ lookup('cosmogony.stack.settings') | cosmogony.stack.step_settings | to_json }}"
"""

RETURN = r"""
_value:
  description: The document.
  type: dict
  sample: {format: 1, namespace: cosmogony, storage: {bucket: cosmogony}}
"""

FORMAT = 1


def make_steps_document(tree: Any) -> dict[str, Any]:
    """Return the content of settings.json: the settings that steps of a data update read, and its format's number."""
    if not isinstance(tree, Mapping):
        raise AnsibleFilterError("step_settings: the input is not a dictionary of settings")
    return {"format": FORMAT, **select_step_settings(tree, load_schema())}


class FilterModule:
    """Registers the filter step_settings with Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter's function by the filter's name."""
        return {"step_settings": make_steps_document}
