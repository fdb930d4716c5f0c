#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: reports the cluster, the user, Argo Workflows and missing rights."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Report the cluster, the user, Argo Workflows and missing rights
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Reports the address and the version of the API server, the user that it sees, whether a namespace exists, which
    Argo Workflows is installed, and which of the given rights the user lacks.
  - Changes nothing in the cluster.
  - What the user may not read is null, and RV(notes) says so.
options:
  namespace:
    description: The namespace to report about.
    type: str
    default: cosmogony
  argo_namespace:
    description:
      - Namespace of the workflow controller. It is only used for those who may not list the Deployments of all
        namespaces.
      - By default O(namespace).
    type: str
  rights:
    description: Rights that the user should have, in the namespace unless they say otherwise.
    type: list
    elements: dict
    default: []
    suboptions:
      group:
        description: API group of the resource. An empty one is the core group.
        type: str
        default: ''
      resource:
        description: Plural name of the resource, with a subresource after a slash.
        type: str
        required: true
      verbs:
        description: Verbs of the right, such as V(get) and V(create).
        type: list
        elements: str
        required: true
      cluster:
        description: Whether the resource is cluster-wide, without a namespace.
        type: bool
        default: false
      namespace:
        description: Another namespace than O(namespace).
        type: str
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
  - cosmogony.stack.attributes.action_group
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
  description: The C(user) and the C(groups) that the API sees. The user is null where the API does not say.
  returned: success
  type: dict
  sample: {user: kubernetes-admin, groups: [system:masters]}
namespace:
  description: The namespace that is reported about.
  returned: success
  type: str
  sample: cosmogony
namespace_exists:
  description: Whether the namespace exists; null when the user may not know.
  returned: success
  type: bool
  sample: true
namespace_labels:
  description: Labels of the namespace; null when it does not exist or the user may not read it.
  returned: success
  type: dict
  sample: {pod-security.kubernetes.io/enforce: restricted}
argo:
  description: The installed Argo Workflows.
  returned: success
  type: dict
  contains:
    installed:
      description: Whether the cluster knows the kind WorkflowTemplate.
      type: bool
      returned: always
      sample: true
    kinds:
      description: Kinds of Argo that the cluster knows.
      type: list
      elements: str
      returned: always
      sample: [CronWorkflow, Workflow, WorkflowTemplate]
    version:
      description: Version of the controller, or the oldest one that its definitions can be from (C(>=3.6)), or null.
      type: str
      returned: always
      sample: 3.7.14
    controllers:
      description: Workflow controllers of the cluster; null when the user may not list Deployments.
      type: list
      elements: dict
      returned: always
      contains: &controller
        namespace:
          description: Its namespace.
          type: str
          returned: always
          sample: argo
        name:
          description: Name of its Deployment.
          type: str
          returned: always
          sample: workflow-controller
        image:
          description: Its image.
          type: str
          returned: always
          sample: quay.io/argoproj/workflow-controller:v3.7.14
        version:
          description: Its version, from the tag of the image or from labels; null when neither holds one.
          type: str
          returned: always
          sample: 3.7.14
        namespaced:
          description: Whether it runs the workflows of one namespace only.
          type: bool
          returned: always
          sample: false
        managed_namespace:
          description: That namespace, where it is not the controller's own.
          type: str
          returned: always
          sample: null
        instance_id:
          description:
            - Its instance id. It runs only workflows with this value of the label
              C(workflows.argoproj.io/controller-instanceid); with an empty one, only workflows without the label.
            - Null when the user may not read its ConfigMap.
          type: str
          returned: always
          sample: ""
        ready:
          description: Whether a pod of it is ready.
          type: bool
          returned: always
          sample: true
    watching:
      description: Controllers that run the workflows of the namespace; null when the user may not list Deployments.
      type: list
      elements: dict
      returned: always
      contains: *controller
missing_rights:
  description: Which of O(rights) the user lacks.
  returned: success
  type: list
  elements: str
  sample: [create/patch deployments.apps]
notes:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: ["may not read deployments of all namespaces: HTTP 403 deployments.apps is forbidden"]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._cluster_info import Cluster
from ..module_utils._kubernetes_api import CHECK, ApiError, connect, make_argument_spec

RIGHT = {
    "group": {"type": "str", "default": ""},
    "resource": {"type": "str", "required": True},
    "verbs": {"type": "list", "elements": "str", "required": True},
    "cluster": {"type": "bool", "default": False},
    "namespace": {"type": "str"},
}
ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    namespace={"type": "str", "default": "cosmogony"},
    argo_namespace={"type": "str"},
    rights={"type": "list", "elements": "dict", "options": RIGHT, "default": []},
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    cluster = Cluster(connect(module), module.params["namespace"], module.params["argo_namespace"])
    server = str(cluster.api.configuration.host)
    try:
        result = {
            "server": server,
            "version": cluster.read_version(),
            "identity": cluster.read_identity(),
            "namespace": cluster.namespace,
            **cluster.describe_namespace(),
            "argo": cluster.describe_argo(),
            "missing_rights": cluster.list_missing_rights(module.params["rights"]),
        }
    except ApiError as error:
        module.fail_json(msg=f"Kubernetes API {server}: {error}. {CHECK}")
    module.exit_json(**result, notes=cluster.notes)


if __name__ == "__main__":
    main()
