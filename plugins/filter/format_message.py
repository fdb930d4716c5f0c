# SPDX-License-Identifier: Apache-2.0
"""Filter: a message of several lines as the output of Ansible shows it best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible import constants
from ansible.errors import AnsibleError

DOCUMENTATION = r"""
name: format_message
short_description: A message of several lines as the output of Ansible shows it best
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Where results are shown as YAML (C(callback_result_format = yaml)) this is one text. Ansible shows it line by line,
    so that a command in it can be copied.
  - Where they are shown as JSON, as by default, this is a list of lines. JSON would show the ends of the lines of a
    text as C(\\n).
  - Blank lines are left out.
options:
  _input:
    description: The message, as one text or as a list of its lines.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show the steps that follow
  ansible.builtin.debug:
    msg: "{{ ['To see the map:', '  curl http://127.0.0.1:8080/'] | cosmogony.stack.format_message }}"
"""

RETURN = r"""
_value:
  description: The message, as one text or as a list of its lines.
  type: raw
  sample: "To see the map:\n  curl http://127.0.0.1:8080/"
"""


def format_message(message: str | Sequence[str]) -> str | list[str]:
    """Return a message as one text where results are shown as YAML, otherwise as a list of its lines."""
    lines = [
        line.rstrip()
        for part in ([message] if isinstance(message, str) else message)
        for line in str(part).splitlines()
        if line.strip()
    ]
    return "\n".join(lines) if _results_are_yaml() else lines


def _results_are_yaml() -> bool:
    try:
        shown_as = constants.config.get_config_value("result_format", plugin_type="callback", plugin_name="default")
    except AnsibleError:
        return False
    return bool(shown_as == "yaml")


class FilterModule:
    """Registers the filter format_message with Ansible."""

    def filters(self) -> dict[str, Callable[..., str | list[str]]]:
        """Return the filter's function by the filter's name."""
        return {"format_message": format_message}
