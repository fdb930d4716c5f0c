#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: tells which cluster is reached, as whom, and what the stack finds there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Tell which cluster is reached, as whom, and what the stack finds there
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Tells the server, its version, who the API takes us for, whether a namespace exists, what there is of Argo
    Workflows, and which of the given rights we lack.
  - Changes nothing in the cluster.
  - What we may not read is left open and noted in RV(notes).
options:
  namespace:
    description: The namespace that is asked about.
    type: str
    default: cosmogony
  rights:
    description: Rights to ask for in the namespace.
    type: list
    elements: dict
    default: []
    suboptions:
      group:
        description: API group; empty is the core group.
        type: str
        default: ''
      resource:
        description: Plural name of the resource, with a subresource after a slash.
        type: str
        required: true
      verbs:
        description: What is to be done with it.
        type: list
        elements: str
        required: true
      cluster:
        description: Whether the resource belongs to no namespace.
        type: bool
        default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: It never changes anything.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: full
    details: It never changes anything.
requirements:
  - kubernetes >= 24.2.0 (Python)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.readiness
  - module: cosmogony.stack.argo_workflow
"""

EXAMPLES = r"""
- name: See where a run would go
  cosmogony.stack.cluster_info:
    kubeconfig: /etc/cosmogony/kubeconfig
    namespace: cosmogony
    rights:
      - resource: secrets
        verbs: [get, create, patch]
      - group: apps
        resource: deployments
        verbs: [create, patch]
      - resource: namespaces
        verbs: [create]
        cluster: true
  register: cluster

- name: Show the cluster, the user and the rights that are missing
  ansible.builtin.debug:
    msg: "{{ cluster.server }} as {{ cluster.identity.user }}, lacking {{ cluster.missing_rights | join(', ') }}"
"""

RETURN = r"""
server:
  description: Address of the API server.
  returned: success
  type: str
  sample: https://10.243.0.1:6443
version:
  description: Version of Kubernetes.
  returned: success
  type: str
  sample: v1.35.4
identity:
  description: Who the API takes us for, C(user) and C(groups). The user is null where the API does not say.
  returned: success
  type: dict
  sample: {user: kubernetes-admin, groups: [system:masters]}
namespace:
  description: The namespace that was asked about.
  returned: success
  type: str
namespace_exists:
  description: Whether it exists; null when we may not know.
  returned: success
  type: bool
argo:
  description: What there is of Argo Workflows.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether the cluster knows WorkflowTemplates.
      type: bool
      returned: always
    kinds:
      description: Kinds of Argo that the cluster knows.
      type: list
      elements: str
      returned: always
    version:
      description: Version of the controller, or the least version by its definitions (C(>=3.6)), or null.
      type: str
      returned: always
    controllers:
      description: Workflow controllers, with their namespace, image, version and scope; null when we may list none.
      type: list
      elements: dict
      returned: always
    watching:
      description: Those that run the workflows of the namespace; null when we may list none.
      type: list
      elements: dict
      returned: always
missing_rights:
  description: Which of O(rights) we lack.
  returned: success
  type: list
  elements: str
  sample: [create/patch deployments.apps]
notes:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
"""

import copy
import importlib
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.cosmogony.stack.plugins.module_utils._cluster_info import Cluster, ClusterError
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import UnreachableError, connect
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC


def argument_spec() -> dict[str, Any]:
    """Return the options of the module, with those that kubernetes.core's modules share."""
    right = {
        "group": {"type": "str", "default": ""},
        "resource": {"type": "str", "required": True},
        "verbs": {"type": "list", "elements": "str", "required": True},
        "cluster": {"type": "bool", "default": False},
    }
    spec: dict[str, Any] = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        namespace={"type": "str", "default": "cosmogony"},
        rights={"type": "list", "elements": "dict", "options": right, "default": []},
    )
    return spec


def collect(cluster: Cluster, rights: list[dict[str, Any]]) -> dict[str, Any]:
    """Ask everything that the module returns.

    Raises:
        ClusterError: The cluster cannot be reached, or does not say what is always needed.
    """
    return {
        "changed": False,
        "server": cluster.server,
        "version": cluster.version(),
        "identity": cluster.identity(),
        "namespace": cluster.namespace,
        "namespace_exists": cluster.namespace_exists(),
        "argo": cluster.argo(),
        "missing_rights": cluster.missing_rights(rights),
        "notes": cluster.notes,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        importlib.import_module("kubernetes")
    except ImportError:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=traceback.format_exc())
    try:
        cluster = Cluster(connect(module.params), module.params["namespace"])
        result = collect(cluster, module.params["rights"])
    except (UnreachableError, ClusterError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
