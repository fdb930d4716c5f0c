# SPDX-License-Identifier: Apache-2.0
"""Filter: variables of an inventory for the values of the original chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._original_chart import convert_to_inventory

DOCUMENTATION = r"""
name: original_chart
short_description: Variables of an inventory for the values of the original chart
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Converts the values of the original Helm chart (cosmo_chart 0.0.1) to settings of this collection. A value that is
    not given has the default of that chart.
  - Credentials are apart from the settings, which name them as C(vault_*).
options:
  _input:
    description: The content of its values.yaml.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The settings for a values.yaml
  ansible.builtin.debug:
    msg: "{{ ({'namespace': 'geo'} | cosmogony.stack.original_chart).settings }}"
"""

RETURN = r"""
_value:
  description:
    - C(settings) by the name of their variable; C(secrets), the same for a vault; C(not_mapped), a line for each value
      without a place; C(notes), what differs from the original.
  type: dict
  sample:
    settings: {cosmogony_namespace: cosmogony}
    secrets: {vault_database_password: "..."}
    not_mapped: ["minio.artifactsPath: no bucket for Argo's artifacts is needed"]
    notes: []
"""


def _convert_original_chart(values: Any) -> dict[str, Any]:
    """Return settings, secrets and what has no place for the values of the original chart."""
    if not isinstance(values, Mapping):
        raise AnsibleFilterError("original_chart: the values are not a dictionary; give the content of a values.yaml")
    try:
        return convert_to_inventory(values)
    except ValueError as error:
        raise AnsibleFilterError(f"original_chart: {error}") from error


class FilterModule:
    """Registers the filter original_chart with Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter's function by the filter's name."""
        return {"original_chart": _convert_original_chart}
