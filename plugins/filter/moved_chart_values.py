# SPDX-License-Identifier: Apache-2.0
"""Filter: values of the chart that are settings now."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.cosmogony.stack.plugins.plugin_utils._chart_values import moved_values

DOCUMENTATION = r"""
name: moved_chart_values
short_description: Values of the chart that are settings now
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Lists the values in C(chart_values) that belong to the pipeline, or to both it and serving, with the settings that
    are written instead.
options:
  _input:
    description: Values of the chart as a site gives them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: No value has moved
  ansible.builtin.assert:
    that: chart_values | cosmogony.stack.moved_chart_values | length == 0
"""

RETURN = r"""
_value:
  description: One sentence for each value.
  type: list
  elements: str
  sample: ["chart_values.data.gate.maxLossPercent: write cosmogony_gate_max_loss_percent"]
"""


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Return them by name."""
        return {"moved_chart_values": moved_values}
