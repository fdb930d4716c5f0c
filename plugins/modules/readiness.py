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
    its version, its PostGIS, and the right to create schemas. At least one of O(minio) and O(postgres) is needed.
  - Asks immediately, then again until both are ready or O(timeout) is over. Nothing is changed.
  - A cause that stays however long one waits fails immediately, for example wrong credentials, a missing extension, a
    missing right or a certificate that is not trusted. The message names the service, the cause and the next step.
  - Services that only the cluster's network reaches are asked through the port-forward of the Kubernetes API server,
    see O(minio.service) and O(postgres.service).
options:
  timeout:
    description:
      - Longest time to wait, in seconds. With V(0) each service is asked once.
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
      - With V(false) RV(ready) says so.
    type: bool
    default: true
extends_documentation_fragment:
  - cosmogony.stack.s3.readiness
  - cosmogony.stack.postgresql.readiness
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Asks as always, but does not write the object of O(minio.probe_object).
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: full
    details: Changes nothing.
requirements:
  - minio >= 7.2 (Python), for O(minio)
  - psycopg >= 3.1 (Python), for O(postgres)
  - kubernetes >= 24.2.0 (Python), for Services and existing Secrets
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.s3_bucket
  - module: cosmogony.stack.cluster_info
"""

EXAMPLES = r"""
- name: Wait for both
  cosmogony.stack.readiness:
    minio:
      endpoint: minio.example.org:9000
      access_key: "{{ vault_storage_access_key }}"
      secret_key: "{{ vault_storage_secret_key }}"
      bucket: cosmogony
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
      existing_secret:
        namespace: cosmogony
        name: cosmogony-postgres
    timeout: 30
"""

RETURN = r"""
ready:
  description: Whether all services are ready.
  returned: always
  type: bool
  sample: true
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
      sample: true
    reason:
      description:
        - C(ready), or one word for what is wrong, such as C(unreachable), C(server_error), C(no_s3),
          C(access_key_refused), C(secret_key_refused), C(access_denied), C(bucket_missing), C(bucket_name_refused),
          C(region_refused), C(clock_differs), C(object_differs), C(setting_refused) or C(refused).
        - For TLS C(scheme_refused), C(certificate_refused) or C(tls_failed).
        - With O(minio.service) also C(service_missing), C(port_missing), C(no_pod), C(kubernetes_denied) or
          C(kubernetes_unreachable).
      type: str
      returned: always
      sample: ready
    attempts:
      description: How often the service was asked.
      type: int
      returned: always
      sample: 1
    latency_ms:
      description: Milliseconds that the successful attempt took; null if none was.
      type: float
      returned: always
      sample: 12.5
    last_error:
      description: The last thing that was wrong, even if it has passed; null if nothing was.
      type: str
      returned: always
      sample: "cannot be reached from the controller (Connection refused): check that it runs, and minio.endpoint"
    endpoint:
      description: Its address.
      type: str
      returned: when it is ready
      sample: https://minio.example.org:9000
    bucket:
      description: The bucket.
      type: str
      returned: when it is ready
      sample: cosmogony
    bucket_exists:
      description: Whether the bucket is there.
      type: bool
      returned: when it is ready
      sample: true
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
      sample: true
    reason:
      description:
        - C(ready), or one word for what is wrong, such as C(unreachable), C(starting), C(password_refused),
          C(address_refused), C(access_denied), C(database_missing), C(version_too_old), C(postgis_missing),
          C(postgis_too_old), C(geos_too_old), C(create_denied), C(standby), C(tls_refused), C(setting_refused) or
          C(refused).
        - With O(postgres.service) also C(service_missing), C(port_missing), C(no_pod), C(kubernetes_denied) or
          C(kubernetes_unreachable).
      type: str
      returned: always
      sample: ready
    attempts:
      description: How often the service was asked.
      type: int
      returned: always
      sample: 1
    latency_ms:
      description: Milliseconds that the successful attempt took; null if none was.
      type: float
      returned: always
      sample: 12.5
    last_error:
      description: The last thing that was wrong, even if it has passed; null if nothing was.
      type: str
      returned: always
      sample: "cannot be reached from the controller (Connection refused): check that it runs, and postgres.host"
    host:
      description: Its host.
      type: str
      returned: when it is ready
      sample: postgres.example.org
    port:
      description: Its port.
      type: int
      returned: when it is ready
      sample: 5432
    database:
      description: The database.
      type: str
      returned: when it is ready
      sample: cosmogony
    versions:
      description: Versions of the server (C(postgresql)) and of the extension (C(postgis)).
      type: dict
      returned: when it is ready
      sample: {postgresql: '17.6', postgis: '3.5.2'}
    can_create_schema:
      description: Whether the user may create schemas, and views in the schema C(public).
      type: bool
      returned: when it is ready
      sample: true
    size_bytes:
      description: Size of the database.
      type: int
      returned: when it is ready
      sample: 52428800
"""

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_api import make_argument_spec
from ..module_utils._services.options import make_minio_spec, make_postgres_spec, prepare_connections
from ..module_utils._services.postgres import PostgresServer
from ..module_utils._services.readiness_checks import check_bucket, check_database
from ..module_utils._services.s3 import S3Store
from ..module_utils._services.waiting import AwaitedService, wait_for_services

ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    minio=make_minio_spec(
        bucket_required={"type": "bool", "default": True},
        create_bucket={"type": "bool"},
        probe_object={"type": "bool", "default": False},
    ),
    postgres=make_postgres_spec(
        minimum_version={"type": "int", "default": 14},
        postgis_version={"type": "str", "default": "3.4"},
        geos_version={"type": "str", "default": "3.12"},
        create_schema={"type": "bool", "default": True},
    ),
    timeout={"type": "int", "default": 120},
    interval={"type": "float", "default": 2},
    fail_when_not_ready={"type": "bool", "default": True},
)


def describe_option_errors(params: Mapping[str, Any]) -> str:
    """Return a message of what is wrong with the module's options; empty if nothing is."""
    if params["timeout"] < 0 or params["interval"] <= 0:
        return "timeout must not be below 0, and interval must be above 0"
    if (params["minio"] or {}).get("create_bucket") is not None:
        return "minio.create_bucket has moved: create the bucket with module cosmogony.stack.s3_bucket"
    return ""


def wait_until_ready(params: Mapping[str, Any], *, check_mode: bool, api: Any = None) -> dict[str, Any]:
    """Ask the S3 store and the database until both are ready or the time is over; return the module's result.

    Returns:
        What the module returns; with ``msg``, and ``failed`` if the options say so, when not all is ready.
    """
    backends: dict[str, AwaitedService] = {}
    if params["minio"]:
        store = S3Store(params["minio"], api)
        write = params["minio"]["probe_object"] and not check_mode
        backends["minio"] = AwaitedService(store.subject, lambda timeout: check_bucket(store, timeout, write=write))
    if params["postgres"]:
        server = PostgresServer(params["postgres"], api)
        backends["postgres"] = AwaitedService(server.subject, lambda timeout: check_database(server, timeout))
    elapsed = wait_for_services(list(backends.values()), params["timeout"], params["interval"])
    failures = [each.describe_failure(elapsed) for each in backends.values() if not each.ready]
    results: dict[str, Any] = {
        "changed": False,
        "ready": not failures,
        "elapsed": round(elapsed, 1),
        **{name: backend.to_result() for name, backend in backends.items()},
    }
    if failures:
        results.update(msg=". ".join(failures), failed=params["fail_when_not_ready"])
    return results


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC,
        required_one_of=[("minio", "postgres")],
        supports_check_mode=True,
    )
    if problem := describe_option_errors(module.params):
        module.fail_json(msg=problem)
    api = prepare_connections(module)
    results = wait_until_ready(module.params, check_mode=module.check_mode, api=api)
    if results.pop("failed", False):
        module.fail_json(**results)
    module.exit_json(**results)


if __name__ == "__main__":
    main()
