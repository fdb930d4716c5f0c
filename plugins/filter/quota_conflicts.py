# SPDX-License-Identifier: Apache-2.0
"""Filter: why the ResourceQuotas of a namespace would keep pods from being made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._quotas import list_quota_conflicts

DOCUMENTATION = r"""
name: quota_conflicts
short_description: Why the ResourceQuotas of a namespace would keep pods from being made
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Kubernetes accepts a Deployment whose pods it then refuses, and only an event says so. This filter finds out before
    anything is made which container lacks a request or a limit that a quota wants, and whether there is room.
  - The defaults of LimitRanges count. Quotas with scopes, which are for some pods only, do not.
positional: quotas, limit_ranges
options:
  _input:
    description: Manifests. Those of Deployments, Jobs and WorkflowTemplates have pods; other kinds are left out.
    type: list
    elements: dict
    required: true
  quotas:
    description: The ResourceQuotas of the namespace, with their status.
    type: list
    elements: dict
    required: true
  limit_ranges:
    description: The LimitRanges of the namespace.
    type: list
    elements: dict
    required: true
  installed:
    description: Whether the pods are there already, so that only what each container gives is looked at.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check that the quotas let the pods be made
  ansible.builtin.assert:
    that: manifests | cosmogony.stack.quota_conflicts(quotas.resources, limit_ranges.resources) | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each conflict, with the name of the quota and the containers.
  type: list
  elements: str
  sample: ["ResourceQuota compute wants limits.cpu of every container, Deployment/cosmogony-api (api) lack it"]
"""


def quota_conflicts(
    manifests: Sequence[Mapping[str, Any]],
    quotas: Sequence[Mapping[str, Any]],
    limit_ranges: Sequence[Mapping[str, Any]],
    *,
    installed: bool = False,
) -> list[str]:
    """Return a sentence for each conflict."""
    return list_quota_conflicts(manifests, quotas, limit_ranges, is_installed=installed)


class FilterModule:
    """Registers the filter quota_conflicts with Ansible."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Return the filter's function by the filter's name."""
        return {"quota_conflicts": quota_conflicts}
