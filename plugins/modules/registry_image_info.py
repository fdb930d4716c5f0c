#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: asks container registries whether they have images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_image_info
short_description: Ask container registries whether they have images
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Reports for each image reference whether its registry has it, and with which digest.
  - Asks the registry itself, so that neither Docker nor a download of the image is needed.
  - Where the registry asks for a password (C(Basic)), O(username) and O(password) are sent to it. Where it asks for a
    token (C(Bearer)), as Docker Hub does for public images as well, the module fetches one from the token server that
    the registry names, with O(username) and O(password) if they are given.
  - Runs on the host of the task, usually C(localhost). Needs no Python library and no Kubernetes.
options:
  references:
    description:
      - Images as C(HOST/REPOSITORY:TAG) or C(HOST/REPOSITORY@DIGEST).
      - As with Docker, a first part without a dot or a port is not a host, unless it is C(localhost). Such a reference
        belongs to Docker Hub, C(debian) to C(docker.io/library/debian). Without a tag and a digest, C(latest) is asked
        for.
    type: list
    elements: str
    required: true
  registry:
    description:
      - Host and port of the registry that O(username) and O(password) are for, as O(references) name it. Docker Hub is
        C(docker.io). All other registries are asked without a user.
      - Needed if O(username) is given and O(references) name several registries.
    type: str
  username:
    description: User of the registry. Without one it is asked without a user.
    type: str
  password:
    description: Password of the user, or an access token that the registry takes in place of it.
    type: str
  scheme:
    description:
      - Protocol of the registry. V(auto) is V(http) for a registry on a loopback address and V(https) for any other.
    type: str
    choices: [auto, http, https]
    default: auto
  validate_certs:
    description: Whether the certificate of the registry must be trusted.
    type: bool
    default: true
  ca_path:
    description: File with the certificates of the CA that signed the registry's certificate.
    type: path
  timeout:
    description: Longest time to wait for one answer, in seconds.
    type: int
    default: 30
extends_documentation_fragment:
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
seealso:
  - plugin: cosmogony.stack.content_digest
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Ask for two images
  cosmogony.stack.registry_image_info:
    references:
      - registry.example.org/cosmogony/api:9f2c1e07a55d1b83
      - registry.example.org/cosmogony/web:1.2.0
    username: cosmogony
    password: "{{ vault_registry_password }}"
  register: found

- name: Ask two registries, one of them with a password
  cosmogony.stack.registry_image_info:
    references:
      - registry.example.org/cosmogony/api:9f2c1e07a55d1b83
      - debian:trixie-slim
    registry: registry.example.org
    username: cosmogony
    password: "{{ vault_registry_password }}"
  register: found

- name: Show which ones are missing
  ansible.builtin.debug:
    msg: "{{ found.images | rejectattr('exists') | map(attribute='reference') }}"
"""

RETURN = r"""
images:
  description: The images in the order of O(references).
  returned: success
  type: list
  elements: dict
  contains:
    reference:
      description: The reference as it was given.
      type: str
      returned: always
      sample: registry.example.org/cosmogony/api:9f2c1e07a55d1b83
    exists:
      description: Whether the registry has it.
      type: bool
      returned: always
      sample: true
    digest:
      description: Digest of its manifest; null when it does not exist, empty when the registry does not say.
      type: str
      returned: always
      sample: sha256:3fc9b689459d738f8c88a3a48aa9e33542016b7a4052e001aaa536fca74813cb
reason:
  description: Why the task failed, C(unreachable), C(denied) or C(refused).
  returned: when a registry does not say whether it has an image
  type: str
  sample: unreachable
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._registry import Registry, RegistryError

ARGUMENT_SPEC: dict[str, Any] = {
    "references": {"type": "list", "elements": "str", "required": True},
    "registry": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "scheme": {"type": "str", "choices": ["auto", "http", "https"], "default": "auto"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        registry = Registry(module.params)
        digests = {reference: registry.find_digest(reference) for reference in module.params["references"]}
    except RegistryError as error:
        module.fail_json(msg=str(error), reason=error.reason)
    except ValueError as error:
        module.fail_json(msg=str(error))
    images = [
        {"reference": reference, "exists": digest is not None, "digest": digest}
        for reference, digest in digests.items()
    ]
    module.exit_json(images=images)


if __name__ == "__main__":
    main()
