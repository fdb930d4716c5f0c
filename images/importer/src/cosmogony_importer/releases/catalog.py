# SPDX-License-Identifier: Apache-2.0
"""The catalog of releases: the kept releases, the live one, and the documents of a release."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from cosmogony_steps.documents import GateReport, GateVerdict, Manifest, ReleaseState, Statistics
from cosmogony_steps.errors import StepError, UsageError
from psycopg import sql
from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

RELEASE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


@dataclass(frozen=True)
class Release:
    """A release with its state: a row of the view public.cosmogony_releases."""

    id: str
    schema_name: str
    inputs_digest: str | None
    state: ReleaseState
    live: bool
    created: datetime
    published_at: datetime | None
    zones: int | None
    loaded_at: datetime | None
    stored_zoom: int | None  # all tiles of this zoom and the lower ones are stored
    bounds: list[float] | None  # west, south, east, north in degrees
    gate: object  # report of the gate as JSON, written by this version or another one
    override: str | None  # the reason that was given to publish a blocked release
    warmed_zoom: int | None  # highest zoom of which tiles of an area are stored

    @property
    def is_loading(self) -> bool:
        """Whether a load of the release is still running, or was killed."""
        return self.state == ReleaseState.LOADING

    @property
    def verdict(self) -> GateVerdict | None:
        """The verdict in the report of the gate, whatever its version; None before the gate has run."""
        word = self.gate.get("verdict") if isinstance(self.gate, Mapping) else None
        return GateVerdict(word) if word in list(GateVerdict) else None

    def qualify_table(self, name: str) -> sql.Identifier:
        """Return the SQL name of a table of the release, qualified with its schema."""
        return sql.Identifier(self.schema_name, name)

    def to_list_entry(self) -> dict[str, object]:
        """Return the release as a JSON object for the lists of releases that commands print."""
        return {
            "id": self.id,
            "state": self.state,
            "live": self.live,
            "zones": self.zones,
            "created": self.created.isoformat(),
            "published": self.published_at.isoformat() if self.published_at else None,
            "gate": self.verdict,
            "override": self.override,
        }

    def read_gate_report(self) -> GateReport | None:
        """Return the report of the gate; None before the gate has run.

        Raises:
            DocumentError: this version cannot read the report.
        """
        return None if self.gate is None else GateReport.from_json(self.gate, f"of release {self.id}")


def get_schema_name(release_id: str) -> str:
    """Return the name of the database schema that has the tables of a release.

    Raises:
        UsageError: the text cannot be the id of a release.
    """
    if not RELEASE_ID.fullmatch(release_id):
        raise UsageError(f"{release_id!r} is not a release id such as 20261122t221000-3f9ab2c1")
    return "release_" + release_id.replace("-", "_")


def list_releases(connection: psycopg.Connection) -> list[Release]:
    """Return all kept releases, the newest first."""
    with connection.cursor(row_factory=kwargs_row(_make_release)) as cursor:
        return cursor.execute(
            "SELECT id, schema_name, inputs_digest, state, live, created, published_at, zones, loaded_at, stored_zoom, "
            "bounds, gate, override, warmed_zoom FROM public.cosmogony_releases ORDER BY created DESC, id DESC"
        ).fetchall()


def _make_release(state: str, **columns: Any) -> Release:
    return Release(state=ReleaseState(state), **columns)


def get_release(connection: psycopg.Connection, release_id: str) -> Release:
    """Return the release with an id; raise an error if it is unknown or still loading.

    Raises:
        StepError: it does not exist, or is still loading; the message lists the kept releases.
    """
    get_schema_name(release_id)
    kept = list_releases(connection)
    for release in kept:
        if release.id == release_id:
            if release.is_loading:
                raise StepError(f"release {release_id} is not complete; run load --release {release_id}")
            return release
    names = ", ".join(release.id for release in kept if not release.is_loading) or "none"
    raise StepError(f"release {release_id} is not in the database; kept releases: {names}")


def find_live_release(connection: psycopg.Connection) -> Release | None:
    """Return the live release; None before the first one is published."""
    return next((release for release in list_releases(connection) if release.live), None)


def read_manifest(connection: psycopg.Connection, release: Release) -> Manifest:
    """Return the manifest of a release. While the release is loading, the manifest has only the id.

    Raises:
        DocumentError: the stored document is not a manifest.
    """
    document = None if release.is_loading else _read_document(connection, release, "manifest")
    if document is None:
        return Manifest(id=release.id)
    return Manifest.from_json(document, f"of release {release.id}")


def read_statistics(connection: psycopg.Connection, release: Release) -> Statistics:
    """Return the statistics of a release: its expected counts; none if no statistics are stored.

    Raises:
        DocumentError: the stored document is not statistics.
    """
    document = _read_document(connection, release, "statistics")
    return Statistics.from_json([] if document is None else document, f"of release {release.id}")


def _read_document(connection: psycopg.Connection, release: Release, table: str) -> object:
    query = sql.SQL("SELECT document FROM {} LIMIT 1").format(sql.Identifier(release.schema_name, table))
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def replace_release_document(connection: psycopg.Connection, schema: str, table: str, document: object) -> None:
    """Replace the JSON document in the table `manifest` or `statistics` of a release."""
    target = sql.Identifier(schema, table)
    with connection.transaction():
        connection.execute(sql.SQL("DELETE FROM {}").format(target))
        connection.execute(sql.SQL("INSERT INTO {} (document) VALUES (%s)").format(target), (Jsonb(document),))
