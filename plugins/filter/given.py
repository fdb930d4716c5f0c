# SPDX-License-Identifier: Apache-2.0
"""Filter: the value that was given, or a default for a blank one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DOCUMENTATION = r"""
name: given
short_description: The value that was given, or a default for a blank one
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Takes an undefined value, a null one, and text that is empty or only blank as "not given".
  - Any other value stays as it is, C(false), C(0) and empty lists included, which C(default(x, true)) would replace.
  - Surveys of AWX send an empty text or null for a field that was left blank.
positional: default
options:
  _input:
    description: The value.
    type: raw
  default:
    description: What to return when none was given.
    type: raw
    default: ''
"""

EXAMPLES = r"""
- name: Blank survey fields leave the role's default
  ansible.builtin.debug:
    msg: "{{ survey_tag | default('') | cosmogony.stack.given('latest') }}"

- name: A false stays false
  ansible.builtin.debug:
    msg: "{{ false | cosmogony.stack.given(true) }}"
"""

RETURN = r"""
_value:
  description: The value, or the default.
  type: raw
"""


def given(value: Any, default: Any = "") -> Any:
    """Return ``value``, or ``default`` when it is blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return default
    return value


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"given": given}
