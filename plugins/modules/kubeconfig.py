#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: writes a kubeconfig, so that a program reaches the API server that the modules reach."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubeconfig
short_description: Write a kubeconfig for programs such as Helm
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Modules of C(kubernetes.core) take the connection to the API server from their options and from variables
    C(K8S_AUTH_*) of the environment, programs such as Helm and kubectl from a kubeconfig. This module writes one with
    address, CA certificate, credentials, proxy and impersonated user of the modules.
  - Nothing is written where O(kubeconfig) and O(context) are all there is. Give the program the same two then, which
    renews credentials that a plugin of the kubeconfig makes.
  - The file holds credentials; only its owner may read it. Remove it when the program has ended.
options:
  dest:
    description: Path of the file to write.
    type: path
    required: true
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Writes the file in check mode as well, because programs that only look need it.
  diff_mode:
    support: none
    details: The file is a temporary one, which holds credentials.
  idempotent:
    support: full
requirements:
  - kubernetes >= 24.2.0 (Python)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.cluster_info
"""

EXAMPLES = r"""
- name: Create a file for the kubeconfig
  ansible.builtin.tempfile:
    suffix: .kubeconfig
  register: file

- name: Write the kubeconfig
  cosmogony.stack.kubeconfig:
    host: https://k8s.example.org:6443
    api_key: "{{ vault_deployer_token }}"
    ca_cert: /etc/ssl/k8s-ca.pem
    dest: "{{ file.path }}"
  register: access

- name: List the Helm releases
  ansible.builtin.command:
    argv: [helm, list, "--kubeconfig={{ file.path if access.written else '/etc/cosmogony/kubeconfig' }}"]
  changed_when: false
"""

RETURN = r"""
written:
  description: Whether O(dest) was written. A program is to take it then, without a context.
  returned: success
  type: bool
  sample: true
"""

import json
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubeconfig import make_kubeconfig, needs_own_kubeconfig
from ..module_utils._kubernetes_api import connect, make_argument_spec

ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(dest={"type": "path", "required": True})


def write_private_file(path: str, text: str) -> None:
    """Write a text to a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    if not needs_own_kubeconfig(module.params):
        module.exit_json(changed=False, written=False)
    api = connect(module)
    dest = module.params["dest"]
    try:
        write_private_file(dest, json.dumps(make_kubeconfig(api.configuration, api.default_headers)))
    except OSError as error:
        module.fail_json(msg=f"{dest} cannot be written ({error.strerror}): check the folder and its rights")
    module.exit_json(changed=False, written=True)


if __name__ == "__main__":
    main()
