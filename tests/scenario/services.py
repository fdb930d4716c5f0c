# SPDX-License-Identifier: Apache-2.0
"""The scenario's own MinIO and PostgreSQL: asked, held at a moment, killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import minio
import psycopg
from waiting import wait_for

from .cluster import Cluster

HOLD = 0x6661756C  # key of the advisory lock that a held load waits for


class Service:
    """One of the two StatefulSets."""

    name = ""
    program = ""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.namespace = cluster.settings.backing_namespace

    @property
    def pod(self) -> Any:
        return self.cluster.core.read_namespaced_pod(f"{self.name}-0", self.namespace)

    def answers(self) -> bool:
        raise NotImplementedError

    def kill(self) -> None:
        """Kill its first process, and all others with it; the StatefulSet makes another pod."""
        pod = self.pod
        with self.cluster.frozen(pod, self.program) as pid:  # or it would end in order
            os.kill(pid, signal.SIGKILL)
        self.cluster.kill_pod(pod.metadata.name, self.namespace)

    def back(self) -> float:
        """Wait until it answers again; the moment when it did."""
        wait_for(self.answers, f"{self.name} is back", limit=120)
        return time.monotonic()

    def stop(self) -> None:
        """End it without grace, and let it stay away."""
        with self.cluster.frozen(self.pod, self.program):  # or it would end in order
            self._scale(0)
            self.cluster.kill_pod(f"{self.name}-0", self.namespace)

    def start(self) -> float:
        self._scale(1)
        return self.back()

    def is_there(self) -> None:
        """Start it if a test that was killed left it stopped."""
        scale = self.cluster.apps.read_namespaced_stateful_set_scale(self.name, self.namespace)
        if not scale.spec.replicas:
            self.start()

    def _scale(self, replicas: int) -> None:
        self.cluster.apps.patch_namespaced_stateful_set_scale(
            self.name, self.namespace, {"spec": {"replicas": replicas}}
        )


class ObjectStore(Service):
    """MinIO."""

    name = program = "minio"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.bucket = cluster.settings.bucket
        self.client = minio.Minio(
            os.environ["S3_ENDPOINT"],
            access_key=os.environ["S3_ACCESS_KEY"],
            secret_key=os.environ["S3_SECRET_KEY"],
            secure=False,
            region="us-east-1",
        )

    def answers(self) -> bool:
        with contextlib.suppress(Exception):  # whatever a server that starts may say
            return self.client.bucket_exists(bucket_name=self.bucket)
        return False

    def keys(self, prefix: str = "") -> dict[str, int]:
        found = self.client.list_objects(bucket_name=self.bucket, prefix=prefix, recursive=True)
        return {entry.object_name: entry.size or 0 for entry in found}

    def json(self, key: str) -> Any:
        import json

        answer = self.client.get_object(bucket_name=self.bucket, object_name=key)
        try:
            return json.loads(answer.read())
        finally:
            answer.close()
            answer.release_conn()

    def sha256(self, key: str) -> str:
        import hashlib

        answer = self.client.get_object(bucket_name=self.bucket, object_name=key)
        try:
            return hashlib.sha256(answer.read()).hexdigest()
        finally:
            answer.close()
            answer.release_conn()

    def unfinished(self) -> list[str]:
        """Uploads that began and did not end. MinIO lists them by their full name only."""
        found: list[str] = []
        for key in self.keys():
            listing = self.client._list_multipart_uploads(self.bucket, prefix=key)
            found += [upload.object_name for upload in listing.uploads]
        return found

    def clients(self, pid: int) -> set[str]:
        """Addresses that have a connection to a process of it."""
        found = set()
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:] + _ipv6(pid):
            local, remote, state = line.split()[1:4]
            if state == "01" and local.endswith(":2328"):  # established, port 9000
                found.add(_address(remote.partition(":")[0]))
        return found


def _ipv6(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/net/tcp6").read_text().splitlines()[1:]
    return []


def _address(text: str) -> str:
    """An address as /proc writes it, the last four bytes of a mapped one included."""
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(text[-8:])))


class Database(Service):
    """PostgreSQL."""

    name = "postgres"
    program = "postgres"

    def connect(self) -> psycopg.Connection:
        """As the superuser PGUSER of the environment."""
        return psycopg.connect(autocommit=True, connect_timeout=5, application_name="test of faults")

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.Error), self.connect() as connection:
            return bool(connection.execute("SELECT count(*) > 0 FROM public.cosmogony_releases").fetchone()[0])
        return False

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query).fetchall()

    def live(self) -> str | None:
        found = self.rows("SELECT release_id FROM cosmogony_catalog.live")
        return found[0][0] if found else None

    @contextlib.contextmanager
    def reader(self) -> Iterator[None]:
        """A long query on public.zones, which publish waits for."""
        connection = self.connect()
        try:
            connection.execute("BEGIN")
            connection.execute("LOCK TABLE public.zones IN ACCESS SHARE MODE")
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    @contextlib.contextmanager
    def held_load(self) -> Iterator[None]:
        """A load waits after it has copied its zones, before it makes their indexes: inside of its transaction."""
        with self.connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS fault CASCADE; CREATE SCHEMA fault")
            connection.execute(
                "CREATE FUNCTION fault.hold() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN "
                f"IF session_user <> 'postgres' THEN PERFORM pg_advisory_xact_lock_shared({HOLD}); END IF; END$$"
            )
            connection.execute(
                "CREATE EVENT TRIGGER fault_hold ON ddl_command_start WHEN TAG IN ('CREATE INDEX') "
                "EXECUTE FUNCTION fault.hold()"
            )
        holder = self.connect()
        try:
            holder.execute("SELECT pg_advisory_lock(%s)", (HOLD,))
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                holder.close()
            self.back()
            with self.connect() as connection:
                connection.execute("DROP EVENT TRIGGER IF EXISTS fault_hold")
                connection.execute("DROP SCHEMA IF EXISTS fault CASCADE")

    def load_is_held(self) -> str:
        """Wait for a load that waits; what it is at."""
        query = (
            "SELECT regexp_substr(query, '^[A-Z][A-Z ]+[A-Z]', 1, 1, 'n') FROM pg_stat_activity "
            "WHERE application_name = 'cosmogony-importer' "
            "AND wait_event_type = 'Lock' AND wait_event = 'advisory'"
        )
        return wait_for(lambda: self.rows(query), "a load that waits", limit=180)[0][0]
