#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: creates or removes a bucket of an S3 store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket
short_description: Create or remove a bucket of an S3 store
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Creates a bucket of an S3 store (MinIO or another one) if it does not exist, or removes it.
  - With O(state=absent) the task fails if the bucket holds objects, unless O(force=true), which removes them as well.
  - A store that does not answer is asked again until O(timeout) is over. Refusals, such as wrong credentials, fail
    immediately.
options:
  minio:
    required: true
  state:
    description:
      - V(present) creates the bucket if it does not exist.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Whether to remove a bucket that holds objects, with all of them and all of their versions.
      - Only used with O(state=absent).
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for a store that does not answer yet.
    type: int
    default: 60
extends_documentation_fragment:
  - cosmogony.stack.s3
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: A bucket exists or does not, which RV(ignore:changed) says.
  idempotent:
    support: full
requirements:
  - minio >= 7.2 (Python)
  - kubernetes >= 24.2.0 (Python), for O(minio.service) and O(minio.existing_secret)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.readiness
"""

EXAMPLES = r"""
- name: Create the bucket
  cosmogony.stack.s3_bucket:
    minio:
      endpoint: minio.example.org:9000
      access_key: "{{ vault_storage_access_key }}"
      secret_key: "{{ vault_storage_secret_key }}"
      bucket: cosmogony

- name: Remove a bucket with everything in it, through the Kubernetes API server
  cosmogony.stack.s3_bucket:
    kubeconfig: /etc/cosmogony/kubeconfig
    minio:
      service:
        namespace: minio
        name: minio
      secure: false
      existing_secret:
        namespace: cosmogony
        name: cosmogony-s3
      bucket: cosmogony-test
    state: absent
    force: true
"""

RETURN = r"""
bucket:
  description: Name of the bucket.
  returned: success
  type: str
  sample: cosmogony
endpoint:
  description: Address of the store.
  returned: success
  type: str
  sample: https://minio.example.org:9000
objects_removed:
  description: How many objects were removed with the bucket, or would have been in check mode; versions count singly.
  returned: success
  type: int
  sample: 0
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_api import make_argument_spec
from ..module_utils._services.errors import make_refusal
from ..module_utils._services.options import make_minio_spec, prepare_connections
from ..module_utils._services.s3 import S3Store
from ..module_utils._services.waiting import AwaitedService, wait_for_services

ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    minio=make_minio_spec() | {"required": True},
    state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    force={"type": "bool", "default": False},
    timeout={"type": "int", "default": 60},
)


def ensure_bucket(store: S3Store, timeout: float, *, present: bool, force: bool, check_mode: bool) -> dict[str, Any]:
    """Create or remove the bucket if it is not as wanted; return the module's result.

    Returns:
        ``changed`` and ``objects_removed``.

    Raises:
        ServiceError: The store refuses or does not answer, or the bucket holds objects and ``force`` is false.
    """
    with store.connect(timeout) as client:
        if store.has_bucket(client) == present:
            return {"changed": False, "objects_removed": 0}
        if present:
            if not check_mode:
                _create(store, client)
            return {"changed": True, "objects_removed": 0}
        return {"changed": True, "objects_removed": _remove(store, client, force=force, check_mode=check_mode)}


def _create(store: S3Store, client: Any) -> None:
    from minio.error import S3Error

    try:
        client.make_bucket(store.bucket, location=store.options["region"])
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou":  # another client has just created the bucket
            raise


def _remove(store: S3Store, client: Any, *, force: bool, check_mode: bool) -> int:
    found = list(client.list_objects(store.bucket, recursive=True, include_version=True))
    if found and not force:
        raise make_refusal(
            "bucket_not_empty",
            f"bucket {store.bucket} holds {len(found)} objects",
            "remove them, or remove them with the bucket by force: true",
        )
    if not check_mode:
        for entry in found:
            client.remove_object(store.bucket, entry.object_name, version_id=entry.version_id)
        client.remove_bucket(store.bucket)
    return len(found)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    store = S3Store(params["minio"], prepare_connections(module))
    backend = AwaitedService(
        store.subject,
        lambda timeout: ensure_bucket(
            store, timeout, present=params["state"] == "present", force=params["force"], check_mode=module.check_mode
        ),
    )
    elapsed = wait_for_services([backend], params["timeout"], 1)
    if not backend.ready:
        module.fail_json(msg=backend.describe_failure(elapsed))
    module.exit_json(bucket=store.bucket, endpoint=store.url, **backend.facts)


if __name__ == "__main__":
    main()
