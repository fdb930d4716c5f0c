# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: the rights at the Kubernetes API that the playbooks use."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_rights
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Rights at the Kubernetes API that the playbooks use
description:
  - Returns rights as module M(cosmogony.stack.cluster_info) takes them. They are those of C(docs/permissions.md).
options:
  _terms:
    description:
      - Where the rights are needed. V(namespace) is that of the stack, V(service) that of a Service through which the
        controller reaches the store or the database, V(controller) that of Argo's workflow controller, V(cluster) the
        whole cluster.
    type: list
    elements: str
    required: true
  playbooks:
    description: Names of playbooks without the suffix; only what they use is returned. By default all of them.
    type: list
    elements: str
  namespaces:
    description: Each right is returned once for each of these namespaces; by default without a namespace.
    type: list
    elements: str
seealso:
  - module: cosmogony.stack.cluster_info
"""

EXAMPLES = r"""
- name: Ask what an account lacks for updates and rollbacks
  cosmogony.stack.cluster_info:
    namespace: cosmogony
    rights: "{{ query('cosmogony.stack.cluster_rights', 'namespace', playbooks=['update', 'rollback']) }}"
"""

RETURN = r"""
_raw:
  description: The rights, with C(group), C(resource), C(verbs), and C(namespace) if O(namespaces) are given.
  type: list
  elements: dict
  sample: [{group: apps, resource: deployments, verbs: [get, create]}]
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._rights import select_rights


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin cluster_rights."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the rights of the named scopes.

        Raises:
            AnsibleLookupError: there is no such scope or playbook.
        """
        self.set_options(var_options=variables, direct=kwargs)
        namespaces = self.get_option("namespaces")
        try:
            found = [right for scope in terms for right in select_rights(scope, self.get_option("playbooks"))]
        except KeyError as error:
            raise AnsibleLookupError(f"cluster_rights: {error.args[0]}") from error
        return found if namespaces is None else [{**right, "namespace": name} for name in namespaces for right in found]
