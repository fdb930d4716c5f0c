#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: waits until an S3 store and a PostgreSQL database do what the stack needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: readiness
short_description: Wait until MinIO and PostgreSQL answer what the stack needs
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Asks an S3 store (MinIO or another) with a signed call on the bucket, and a PostgreSQL database with a query for
    its version, its PostGIS, and the right to create schemas.
  - Asks at once, then again until both are ready or O(timeout) is over.
  - What waiting does not cure fails at once, for example wrong credentials, a missing extension, a missing right or a
    certificate that is not trusted. The message names the service, the cause and the next step.
  - Services that only the cluster's network reaches are asked through the port-forward of the Kubernetes API server,
    see O(minio.service) and O(postgres.service).
options:
  minio:
    description:
      - The S3 store. Needed unless O(postgres) is given.
    type: dict
    suboptions:
      endpoint:
        description:
          - Host and port without a scheme, as the controller reaches it.
          - With O(minio.service), the name that the store's certificate holds; not needed without TLS.
        type: str
      access_key:
        description: The access key.
        type: str
        required: true
      secret_key:
        description: The secret key.
        type: str
        required: true
      session_token:
        description: Token of temporary credentials.
        type: str
      bucket:
        description: The bucket.
        type: str
        required: true
      region:
        description: The region.
        type: str
        default: us-east-1
      secure:
        description: Whether the store speaks TLS.
        type: bool
        default: true
      validate_certs:
        description: Whether the certificate of the store must be trusted.
        type: bool
        default: true
      ca_path:
        description: File with the certificates of the CA that signed the store's; those of the system without it.
        type: path
      bucket_required:
        description:
          - Whether a missing bucket means "not ready".
          - With V(false) it is only told in RV(minio.bucket_exists).
        type: bool
        default: true
      create_bucket:
        description: Whether to create the bucket when it is missing.
        type: bool
        default: false
      probe_object:
        description: Whether to write an object, read it back and delete it.
        type: bool
        default: false
      service:
        description:
          - The Service to reach through the Kubernetes API server, instead of connecting to O(minio.endpoint).
          - Needs the rights to get C(services), list C(endpointslices), create and get C(pods/portforward).
        type: dict
        suboptions:
          namespace:
            description: Its namespace.
            type: str
            required: true
          name:
            description: Its name.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            default: 9000
  postgres:
    description:
      - The database. Needed unless O(minio) is given.
    type: dict
    suboptions:
      host:
        description:
          - Host as the controller reaches it.
          - With O(postgres.service), the name that the server's certificate holds; not needed without TLS.
        type: str
      port:
        description: Port of the server. O(postgres.service.port) counts when a Service is given.
        type: int
        default: 5432
      database:
        description: Name of the database.
        type: str
        required: true
      user:
        description: The user.
        type: str
        required: true
      password:
        description: Its password. Any character may stand in it.
        type: str
        required: true
      sslmode:
        description: How libpq uses TLS.
        type: str
        choices: [disable, allow, prefer, require, verify-ca, verify-full]
        default: prefer
      ca_path:
        description: File with the certificates of the CA that signed the server's.
        type: path
      minimum_version:
        description: Lowest major version of PostgreSQL.
        type: int
        default: 14
      postgis_version:
        description: Lowest version of PostGIS in the database. With V("") PostGIS is not asked for.
        type: str
        default: '3.4'
      create_schema:
        description: Whether the user must have the right to create schemas.
        type: bool
        default: true
      service:
        description:
          - The Service to reach through the Kubernetes API server, instead of connecting to O(postgres.host).
          - Needs the rights to get C(services), list C(endpointslices), create and get C(pods/portforward).
        type: dict
        suboptions:
          namespace:
            description: Its namespace.
            type: str
            required: true
          name:
            description: Its name.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            default: 5432
  timeout:
    description:
      - Seconds to wait at most. With V(0) each service is asked once.
    type: int
    default: 120
  interval:
    description:
      - Seconds between two attempts.
    type: float
    default: 2
  fail_when_not_ready:
    description:
      - Whether the task fails when a service is not ready.
      - With V(false) it is only told in RV(ready).
    type: bool
    default: true
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Asks as always, but creates no bucket and writes no object.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: full
    details: Changes something only when it creates the bucket.
requirements:
  - minio >= 7.2 (Python), for O(minio)
  - psycopg >= 3.1 (Python), for O(postgres)
  - kubernetes >= 24.2.0 (Python), for O(minio.service) and O(postgres.service)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.argo_workflow
"""

EXAMPLES = r"""
- name: Wait for both, and create the bucket
  cosmogony.stack.readiness:
    minio:
      endpoint: minio.example.org:9000
      access_key: "{{ vault_storage_access_key }}"
      secret_key: "{{ vault_storage_secret_key }}"
      bucket: cosmogony
      create_bucket: true
    postgres:
      host: postgres.example.org
      database: cosmogony
      user: cosmogony
      password: "{{ vault_database_password }}"
      sslmode: require

- name: See once whether objects can be written, without failing
  cosmogony.stack.readiness:
    minio:
      endpoint: 10.96.0.20:9000
      secure: false
      access_key: "{{ vault_storage_access_key }}"
      secret_key: "{{ vault_storage_secret_key }}"
      bucket: cosmogony
      probe_object: true
    timeout: 0
    fail_when_not_ready: false
  register: storage

- name: Ask a database that only the cluster's network reaches
  cosmogony.stack.readiness:
    kubeconfig: /etc/cosmogony/kubeconfig
    postgres:
      service:
        namespace: databases
        name: postgres
      database: cosmogony
      user: cosmogony
      password: "{{ vault_database_password }}"
    timeout: 30
"""

RETURN = r"""
ready:
  description: Whether all that was asked is ready.
  returned: always
  type: bool
elapsed:
  description: Seconds it took.
  returned: always
  type: float
  sample: 4.2
minio:
  description: What the S3 store answered.
  returned: when O(minio) was given
  type: dict
  contains:
    ready:
      description: Whether it is ready.
      type: bool
      returned: always
    reason:
      description:
        - C(ready), or one word for what is wrong, for example C(unreachable), C(access_key_refused),
          C(secret_key_refused), C(access_denied), C(bucket_missing), C(region_refused), C(certificate_refused).
      type: str
      returned: always
    attempts:
      description: How often it was asked.
      type: int
      returned: always
    latency_ms:
      description: Milliseconds of the attempt that succeeded.
      type: float
      returned: always
    last_error:
      description: The last thing that was wrong, also when it passed.
      type: str
      returned: always
    endpoint:
      description: Its address.
      type: str
      returned: when it is ready
    bucket:
      description: The bucket.
      type: str
      returned: when it is ready
    bucket_exists:
      description: Whether the bucket is there.
      type: bool
      returned: when it is ready
    bucket_created:
      description: Whether this task created it, or would have done so in check mode.
      type: bool
      returned: when it is ready
    versions:
      description: How the server calls itself (C(server)).
      type: dict
      returned: when it is ready
      sample: {server: MinIO}
postgres:
  description: What the database answered.
  returned: when O(postgres) was given
  type: dict
  contains:
    ready:
      description: Whether it is ready.
      type: bool
      returned: always
    reason:
      description:
        - C(ready), or one word for what is wrong, for example C(unreachable), C(starting), C(password_refused),
          C(database_missing), C(postgis_missing), C(create_denied), C(standby), C(tls_refused).
      type: str
      returned: always
    attempts:
      description: How often it was asked.
      type: int
      returned: always
    latency_ms:
      description: Milliseconds of the attempt that succeeded.
      type: float
      returned: always
    last_error:
      description: The last thing that was wrong, also when it passed.
      type: str
      returned: always
    host:
      description: Its host.
      type: str
      returned: when it is ready
    port:
      description: Its port.
      type: int
      returned: when it is ready
    database:
      description: The database.
      type: str
      returned: when it is ready
    versions:
      description: Versions of the server (C(postgresql)) and of the extension (C(postgis)).
      type: dict
      returned: when it is ready
      sample: {postgresql: '17.6', postgis: '3.5.2'}
    can_create_schema:
      description: Whether the user may create schemas.
      type: bool
      returned: when it is ready
    size_bytes:
      description: Size of the database.
      type: int
      returned: when it is ready
"""

import copy
import importlib
import traceback
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import UnreachableError, connect
from ansible_collections.cosmogony.stack.plugins.module_utils._readiness.backend import Backend, wait_for
from ansible_collections.cosmogony.stack.plugins.module_utils._readiness.portforward import Forwarder
from ansible_collections.cosmogony.stack.plugins.module_utils._readiness.postgres import PostgresProbe
from ansible_collections.cosmogony.stack.plugins.module_utils._readiness.s3 import S3Probe
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC

STORAGE = "cosmogony_storage_existing_secret"
DATABASE = "cosmogony_database_existing_secret"
SSLMODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


def service_spec(port: int) -> dict[str, Any]:
    """Return the options that name a Service."""
    options = {
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "port": {"type": "int", "default": port},
    }
    return {"type": "dict", "options": options}


def minio_spec() -> dict[str, Any]:
    """Return the options of the S3 store."""
    options = {
        "endpoint": {"type": "str"},
        # It names a user and is no secret; hiding it would hide the same word everywhere else.
        "access_key": {"type": "str", "required": True, "no_log": False},
        "secret_key": {"type": "str", "required": True, "no_log": True},
        "session_token": {"type": "str", "no_log": True},
        "bucket": {"type": "str", "required": True},
        "region": {"type": "str", "default": "us-east-1"},
        "secure": {"type": "bool", "default": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "bucket_required": {"type": "bool", "default": True},
        "create_bucket": {"type": "bool", "default": False},
        "probe_object": {"type": "bool", "default": False},
        "service": service_spec(9000),
    }
    return {"type": "dict", "options": options, "required_one_of": [("endpoint", "service")]}


def postgres_spec() -> dict[str, Any]:
    """Return the options of the database."""
    options = {
        "host": {"type": "str"},
        "port": {"type": "int", "default": 5432},
        "database": {"type": "str", "required": True},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "sslmode": {"type": "str", "choices": SSLMODES, "default": "prefer"},
        "ca_path": {"type": "path"},
        "minimum_version": {"type": "int", "default": 14},
        "postgis_version": {"type": "str", "default": "3.4"},
        "create_schema": {"type": "bool", "default": True},
        "service": service_spec(5432),
    }
    return {"type": "dict", "options": options, "required_one_of": [("host", "service")]}


def argument_spec() -> dict[str, Any]:
    """Return the options of the module, with those that kubernetes.core's modules share."""
    spec: dict[str, Any] = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        minio=minio_spec(),
        postgres=postgres_spec(),
        timeout={"type": "int", "default": 120},
        interval={"type": "float", "default": 2},
        fail_when_not_ready={"type": "bool", "default": True},
    )
    return spec


def check_settings(params: Mapping[str, Any]) -> str:
    """Return what is wrong with the options, or nothing."""
    if params["timeout"] < 0 or params["interval"] <= 0:
        return "timeout must not be below 0, and interval must be above 0"
    minio = params["minio"] or {}
    if "://" in (minio.get("endpoint") or ""):
        return (
            f"minio.endpoint is {minio['endpoint']!r}: give host:port without a scheme"
            " (cosmogony_storage_endpoint), and say by secure whether it speaks TLS (cosmogony_storage_secure)"
        )
    postgres = params["postgres"] or {}
    credentials = [
        ("minio", minio, name, f"cosmogony_storage_{name}", STORAGE) for name in ("access_key", "secret_key")
    ]
    credentials += [
        ("postgres", postgres, name, f"cosmogony_database_{name}", DATABASE) for name in ("user", "password")
    ]
    for service, options, name, variable, existing in credentials:
        if not options:
            continue
        if not options[name]:
            return f"{service}.{name} is empty: set {variable}, or {existing}"
        if any(character in options[name] for character in "\r\n\0"):
            return (
                f"{service}.{name} holds a line feed: correct {variable}, or the Secret that {existing} names"
                " (kubectl create secret --from-file keeps the line feed at the end of a file)"
            )
    return ""


class Readiness:
    """One call of the module."""

    def __init__(self, params: Mapping[str, Any], *, check_mode: bool, api: Any = None) -> None:
        self.params = params
        self.backends: dict[str, Backend] = {}
        if params["minio"]:
            s3 = S3Probe(params["minio"], check_mode=check_mode, tunnel=self._tunnel(params["minio"], api))
            self.backends["minio"] = Backend(s3.subject, s3)
        if params["postgres"]:
            postgres = PostgresProbe(params["postgres"], tunnel=self._tunnel(params["postgres"], api))
            self.backends["postgres"] = Backend(postgres.subject, postgres)

    @staticmethod
    def _tunnel(options: Mapping[str, Any], api: Any) -> Forwarder | None:
        return Forwarder(api, options["service"]) if options["service"] else None

    def run(self) -> dict[str, Any]:
        """Wait; return the results, with ``failed`` and ``msg`` when not all is ready."""
        backends = list(self.backends.values())
        elapsed = wait_for(backends, self.params["timeout"], self.params["interval"])
        answers = {name: backend.result() for name, backend in self.backends.items()}
        results: dict[str, Any] = {
            "changed": bool(answers.get("minio", {}).get("bucket_created")),
            "ready": all(backend.ready for backend in backends),
            "elapsed": round(elapsed, 1),
            **answers,
        }
        if not results["ready"]:
            results["msg"] = ". ".join(backend.failure(elapsed) for backend in backends if not backend.ready)
            results["failed"] = self.params["fail_when_not_ready"]
        return results


def need_library(module: AnsibleModule, name: str, wanted: bool) -> None:
    """Fail with the name of the library when it is wanted and missing."""
    if not wanted:
        return
    try:
        importlib.import_module(name)
    except ImportError:
        module.fail_json(msg=missing_required_lib(name), exception=traceback.format_exc())


def kubernetes_api(module: AnsibleModule) -> Any:
    """Return a client of the Kubernetes API; fail when there is none to be reached."""
    need_library(module, "kubernetes", True)
    try:
        return connect(module.params)
    except UnreachableError as error:
        return module.fail_json(msg=str(error))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        required_one_of=[("minio", "postgres")],
        supports_check_mode=True,
    )
    params = module.params
    if problem := check_settings(params):
        module.fail_json(msg=problem)
    through_api = any((params[name] or {}).get("service") for name in ("minio", "postgres"))
    need_library(module, "minio", bool(params["minio"]))
    need_library(module, "psycopg", bool(params["postgres"]))
    api = kubernetes_api(module) if through_api else None
    results = Readiness(params, check_mode=module.check_mode, api=api).run()
    if results.pop("failed", False):
        module.fail_json(**results)
    module.exit_json(**results)


if __name__ == "__main__":
    main()
