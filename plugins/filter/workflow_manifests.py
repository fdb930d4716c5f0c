# SPDX-License-Identifier: Apache-2.0
"""Filter: the workflow templates that role workflows applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._schema import copy_deeply
from ..plugin_utils._workflows.files import WorkflowFileError
from ..plugin_utils._workflows.manifests import Renderer

DOCUMENTATION = r"""
name: workflow_manifests
short_description: The workflow templates of the pipeline
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Makes Argo's WorkflowTemplates out of the files of role P(cosmogony.stack.workflows#role), the settings and what all
    workflows have in common. Images, resources, time limits, volumes and names of Secrets are written out in them.
positional: graphs, settings, envelope
options:
  _input:
    description: Step files by their names without the suffix.
    type: dict
    required: true
  graphs:
    description: Files of the workflows that call several steps, by their names without the suffix.
    type: dict
    required: true
  settings:
    description: The whole tree of settings, see P(cosmogony.stack.role_settings#lookup).
    type: dict
    required: true
  envelope:
    description: What all have in common, C(metadata), C(spec), C(template) and C(container).
    type: dict
    required: true
seealso:
  - plugin: cosmogony.stack.role_settings
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Render the workflows
  ansible.builtin.set_fact:
    manifests: "{{ steps | cosmogony.stack.workflow_manifests(graphs, settings, envelope) }}"
  vars:
    files: /srv/workflows
    steps:
      gate: "{{ lookup('ansible.builtin.file', files ~ '/steps/gate.yaml') | from_yaml }}"
    graphs: {}
    settings: "{{ lookup('cosmogony.stack.role_settings', 'workflows').settings }}"
    envelope: "{{ lookup('ansible.builtin.file', files ~ '/envelope.yaml') | from_yaml }}"
  no_log: true # passwords are among the settings
"""

RETURN = r"""
_value:
  description: The WorkflowTemplates.
  type: list
  elements: dict
  sample:
    - apiVersion: argoproj.io/v1alpha1
      kind: WorkflowTemplate
      metadata: {name: cosmogony-update, namespace: cosmogony}
"""


def _render_workflow_manifests(
    steps: Mapping[str, Any], graphs: Mapping[str, Any], settings: Mapping[str, Any], envelope: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the manifests of all WorkflowTemplates that role workflows applies."""
    # Plain copies: Ansible's own dictionaries and lists search every entry for templates whenever it is read.
    try:
        return Renderer(copy_deeply(steps), copy_deeply(graphs), copy_deeply(settings), copy_deeply(envelope)).render()
    except WorkflowFileError as error:
        raise AnsibleFilterError(f"workflow_manifests: {error}") from error


class FilterModule:
    """Registers the filter workflow_manifests with Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter's function by the filter's name."""
        return {"workflow_manifests": _render_workflow_manifests}
