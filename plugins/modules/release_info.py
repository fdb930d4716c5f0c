#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: reports the data releases of a stack, its last runs, and the sizes of database and bucket."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Report the data releases of a stack, its last runs, and the sizes of database and bucket
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Reports which data release is live and what it was made from, which releases are kept, how the last data updates and
    rollbacks went, and how much room database and bucket take.
  - Reads the releases from the database if O(postgres) is given and answers. Otherwise the API of the stack is asked,
    through the port-forward of the Kubernetes API server to its Service C(cosmogony-api). It knows no sizes, and no
    releases that were never published.
  - The sizes of the bucket need O(minio).
  - What cannot be read is null, and RV(notes) says why. The task fails only if the Kubernetes API does not answer.
  - Needs the rights to list C(workflows) and C(pods); for a Service, also those of O(postgres.service).
options:
  namespace:
    description: Namespace of the stack.
    type: str
    default: cosmogony
  runs:
    description: How many of the last runs are reported.
    type: int
    default: 10
  timeout:
    description:
      - Longest time to wait for the API, for the database and for the S3 store each, in seconds. With V(0) each
        is asked once.
      - It does not bound the listing of the bucket, which is read in pages of 1,000 objects. Each page may take 60
        seconds.
    type: int
    default: 10
extends_documentation_fragment:
  - cosmogony.stack.s3
  - cosmogony.stack.postgresql
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
  - cosmogony.stack.attributes.action_group
requirements:
  - kubernetes >= 24.2.0 (Python)
  - minio >= 7.2 (Python), for O(minio)
  - psycopg >= 3.1 (Python), for O(postgres)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.tile_cache_info
  - module: cosmogony.stack.readiness
"""

EXAMPLES = r"""
- name: Ask the API which release is live
  cosmogony.stack.release_info:
    kubeconfig: /etc/cosmogony/kubeconfig
    namespace: cosmogony
  register: stack

- name: Show it
  ansible.builtin.debug:
    msg: "{{ stack.live.id if stack.live else 'nothing is published yet' }}"

- name: Ask for sizes as well
  cosmogony.stack.release_info:
    postgres:
      host: postgres.example.org
      database: cosmogony
      existing_secret:
        namespace: cosmogony
        name: cosmogony-postgres
    minio:
      endpoint: minio.example.org:9000
      bucket: cosmogony
      existing_secret:
        namespace: cosmogony
        name: cosmogony-s3
"""

RETURN = r"""
source:
  description: Where the releases were read, C(database) or C(api); null when neither answered.
  returned: success
  type: str
  sample: database
live:
  description: The live release; null when there is none, and when RV(source) is null.
  returned: success
  type: dict
  contains:
    id:
      description: Its id. It also has all other values that RV(releases) has.
      type: str
      returned: always
      sample: 20261122t221000-3f9ab2c1
    age_seconds:
      description: Seconds since it was published.
      type: int
      returned: always
      sample: 90000
    as_original:
      description: Whether its zones are those of the original programs; null when its manifest does not say.
      type: bool
      returned: always
      sample: false
    sources:
      description: Its sources, each with C(name), C(url), C(file), C(version_date), C(size) in bytes and C(zones).
      type: list
      elements: dict
      returned: always
      sample:
        - name: liechtenstein-latest.osm.pbf
          url: https://download.example.org/liechtenstein-latest.osm.pbf
          file: liechtenstein-261121.osm.pbf
          version_date: "2026-11-21"
          size: 3145728
          zones: 17
releases:
  description: The kept releases, the newest first; empty when there are none, and when RV(source) is null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: always
      sample: 20261122t221000-3f9ab2c1
    state:
      description: Its state, C(loading), C(loaded), C(published) or C(retired).
      type: str
      returned: always
      sample: published
    live:
      description: Whether it is the live one.
      type: bool
      returned: always
      sample: true
    zones:
      description: Number of its zones; null while it is loading.
      type: int
      returned: always
      sample: 17
    created:
      description: When it was created, in UTC.
      type: str
      returned: always
      sample: "2026-11-22T22:10:00+00:00"
    published:
      description: When it was published, in UTC; null if it was not.
      type: str
      returned: always
      sample: "2026-11-22T22:11:09+00:00"
    gate:
      description: Verdict of the gate, for example C(passed); null before that.
      type: str
      returned: always
      sample: passed
    override:
      description: Why it was published although the gate had blocked it; null otherwise.
      type: str
      returned: always
      sample: null
    bytes:
      description: Bytes in the database, with indexes and tiles; null if the API was asked.
      type: int
      returned: always
      sample: 9437184
runs:
  description:
    - The last data updates and rollbacks, the newest first; null if they cannot be read. See RV(notes).
    - They have the values of RV(cosmogony.stack.argo_workflow#module:workflow), and C(result) and C(release), which are
      null before the end.
  returned: success
  type: list
  elements: dict
  sample:
    - name: cosmogony-update-7x2kq
      namespace: cosmogony
      template: cosmogony-update
      phase: Succeeded
      message: ""
      progress: 9/9
      created: "2026-11-22T22:10:00Z"
      started: "2026-11-22T22:10:00Z"
      finished: "2026-11-22T22:11:09Z"
      duration: 69
      result: published
      release: 20261122t221000-3f9ab2c1
workflows:
  description: Number of workflows in the namespace (C(count)) and of their pods (C(pods)), which keep their logs; null
    if they cannot be read. See RV(notes).
  returned: success
  type: dict
  sample: {count: 3, pods: 14}
database:
  description: Name and bytes of the database; null if it was not asked or does not answer.
  returned: success
  type: dict
  sample: {name: cosmogony, bytes: 19117747}
bucket:
  description: Name of the bucket, and objects and bytes by prefix; null if it was not asked or does not answer.
  returned: success
  type: dict
  sample:
    name: cosmogony
    prefixes:
      osm/: {objects: 2, bytes: 592900}
notes:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: ["Service cosmogony/cosmogony-api: has no ready pod, still so after 10 s and 5 attempts: see kubectl"]
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._argo_client import WORKFLOW, ArgoClient
from ..module_utils._argo_status import get_outputs, get_template_name, summarize_workflow
from ..module_utils._kubernetes_api import ApiError, connect, make_argument_spec
from ..module_utils._releases import describe_releases, measure_bucket, read_api_releases, read_database_releases
from ..module_utils._services.options import complete_connections, make_minio_spec, make_postgres_spec
from ..module_utils._services.postgres import PostgresServer
from ..module_utils._services.s3 import S3Store
from ..module_utils._services.waiting import AwaitedService, wait_for_services

TEMPLATES = ("cosmogony-update", "cosmogony-rollback")
BUCKET_SECONDS = 60  # longest time for listing the bucket, which takes a request per 1,000 objects


ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    namespace={"type": "str", "default": "cosmogony"},
    runs={"type": "int", "default": 10},
    timeout={"type": "int", "default": 10},
    minio=make_minio_spec(),
    postgres=make_postgres_spec(),
)


class _ReleaseReport:
    """Asks the services of a stack, and collects a note for each that does not answer."""

    def __init__(self, timeout: float, notes: Iterable[str]) -> None:
        self.notes = list(notes)
        self._timeout = timeout

    def ask_or_note(self, subject: str, probe: Callable[[float], dict[str, Any]]) -> dict[str, Any] | None:
        """Return the answer of a service; None, with the reason added to ``notes``, when it does not answer."""
        backend = AwaitedService(subject, probe)
        elapsed = wait_for_services([backend], self._timeout, 2)
        if not backend.ready:
            self.notes.append(backend.describe_failure(elapsed))
            return None
        return backend.facts

    def list_runs(self, client: ArgoClient, count: int) -> dict[str, Any]:
        """Return the last runs, newest first, and how many workflows and pods there are, as the module reports them."""
        try:
            workflows = client.list_workflows()
            pods = len(client.list_pods(WORKFLOW))
        except ApiError as error:
            self.notes.append(str(error))
            return {"runs": None, "workflows": None}
        runs = [each for each in reversed(workflows) if get_template_name(each) in TEMPLATES]
        described = [
            {**summarize_workflow(run), **{name: get_outputs(run).get(name) for name in ("result", "release")}}
            for run in runs[:count]
        ]
        return {"runs": described, "workflows": {"count": len(workflows), "pods": pods}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    params = module.params
    api, problems = complete_connections(module)
    api = api or connect(module)
    report = _ReleaseReport(params["timeout"], problems.values())
    source, found, bucket = None, None, None
    if params["postgres"] and "postgres" not in problems:
        server = PostgresServer(params["postgres"], api)
        source, found = (
            "database",
            report.ask_or_note(server.subject, lambda timeout: read_database_releases(server, timeout)),
        )
    if found is None:
        subject = f"API of the stack in namespace {params['namespace']}"
        source, found = (
            "api",
            report.ask_or_note(subject, lambda timeout: read_api_releases(params["namespace"], api, timeout)),
        )
    if params["minio"] and "minio" not in problems:
        store = S3Store(params["minio"], api)
        bucket = report.ask_or_note(store.subject, lambda _: measure_bucket(store, BUCKET_SECONDS))
    releases = describe_releases(found, datetime.now(tz=UTC)) if found else {"live": None, "releases": []}
    module.exit_json(
        source=source if found else None,
        **releases,
        **report.list_runs(ArgoClient.from_api(api, params["namespace"]), params["runs"]),
        database=found.get("database") if found else None,
        bucket=bucket,
        notes=report.notes,
    )


if __name__ == "__main__":
    main()
