# SPDX-License-Identifier: Apache-2.0
"""What a broken run may leave behind, in the database, in the store and in the cluster."""

from __future__ import annotations

from .cluster import Cluster
from .services import Database, ObjectStore


class Leftovers:
    """Looks for what nobody needs."""

    def __init__(self, cluster: Cluster, store: ObjectStore, database: Database) -> None:
        self.cluster = cluster
        self.store = store
        self.database = database

    def all(self) -> list[str]:
        return [*self._database(), *self._store(), *self._cluster()]

    def _database(self) -> list[str]:
        loading = self.database.rows("SELECT id FROM cosmogony_catalog.releases WHERE state = 'loading'")
        staging = self.database.rows(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'import' AND c.relkind = 'r'"
        )
        unknown = self.database.rows(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'release\\_%' AND nspname NOT IN "
            "(SELECT schema_name FROM cosmogony_catalog.releases)"
        )
        asleep = self.database.rows(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'cosmogony-importer' AND state <> 'idle'"
        )
        return [
            *(f"load {row[0]}" for row in loading),
            *(f"table import.{row[0]}" for row in staging),
            *(f"schema {row[0]}" for row in unknown),
            *(f"session {row[0]}" for row in asleep),
        ]

    def _store(self) -> list[str]:
        found = [f"unfinished upload {name}" for name in self.store.unfinished()]
        if self.cluster.clean_knows_the_store():
            kept = {row[0] for row in self.database.rows("SELECT id FROM cosmogony_catalog.releases")}
            stored = {key.split("/")[1] for key in self.store.keys("releases/")}
            found += [f"releases/{name}" for name in sorted(stored - kept)]
        return found

    def _cluster(self) -> list[str]:
        claims = self.cluster.core.list_namespaced_persistent_volume_claim(self.cluster.namespace).items
        selector = "workflows.argoproj.io/workflow"
        pods = self.cluster.core.list_namespaced_pod(self.cluster.namespace, label_selector=selector).items
        going = [
            workflow for workflow in self.cluster.workflows() if workflow.get("status", {}).get("phase") == "Running"
        ]
        return [
            *(f"claim {claim.metadata.name}" for claim in claims),
            *(f"pod {pod.metadata.name}" for pod in pods if pod.status.phase not in ("Succeeded", "Failed")),
            *(f"workflow {workflow['metadata']['name']}" for workflow in going),
        ]
