# SPDX-License-Identifier: Apache-2.0
"""Filter: repository, tag and digest of a reference of an image."""

from __future__ import annotations

import re
from collections.abc import Callable

DOCUMENTATION = r"""
name: image_parts
short_description: Repository, tag and digest of a reference of an image
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Splits a reference as the chart's values have it. The port of a registry is part of the repository.
  - Nothing is checked, and nothing added where a part is missing; the chart's schema refuses what names no exact image.
options:
  _input:
    description: The reference, C(HOST/PATH:TAG), C(HOST/PATH@DIGEST), or with both.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The parts of a reference
  ansible.builtin.debug:
    msg: "{{ 'registry.example.org:5000/geodata/api:1.2' | cosmogony.stack.image_parts }}"
"""

RETURN = r"""
_value:
  description: The parts; blank where the reference has none.
  type: dict
  sample: {repository: "registry.example.org:5000/geodata/api", tag: "1.2", digest: ""}
"""


def split_image_reference(reference: str) -> dict[str, str]:
    """Return the parts of a reference by their names."""
    rest, _at, digest = str(reference).partition("@")
    found = re.fullmatch(r"(.*?)(?::([^:/]*))?", rest)
    repository, tag = found.groups() if found else (rest, None)
    return {"repository": repository, "tag": tag or "", "digest": digest}


class FilterModule:
    """Registers the filter image_parts with Ansible."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Return the filter's function by the filter's name."""
        return {"image_parts": split_image_reference}
