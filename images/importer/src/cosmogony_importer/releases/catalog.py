# SPDX-License-Identifier: Apache-2.0
"""The catalog of releases: what is kept, what is live, and the documents of a release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from ..errors import ImporterError

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


@dataclass(frozen=True)
class Release:
    id: str
    schema_name: str
    inputs_digest: str | None
    state: str
    live: bool
    created: datetime
    published_at: datetime | None
    zones: int | None
    loaded_at: datetime | None
    stored_zoom: int | None
    bounds: list[float] | None
    gate: dict | None
    override: str | None
    warmed_zoom: int | None


def schema_of(release_id: str) -> str:
    if not ID.fullmatch(release_id):
        raise ImporterError(f"{release_id!r} is no release id; wanted one like 20261122t221000-3f9ab2c1")
    return "release_" + release_id.replace("-", "_")


def releases(connection: psycopg.Connection) -> list[Release]:
    """All kept releases, the newest first."""
    with connection.cursor(row_factory=class_row(Release)) as cursor:
        return cursor.execute(
            "SELECT id, schema_name, inputs_digest, state, live, created, published_at, zones, loaded_at, stored_zoom, "
            "bounds, gate, override, warmed_zoom FROM public.cosmogony_releases ORDER BY created DESC, id DESC"
        ).fetchall()


def find(connection: psycopg.Connection, release_id: str) -> Release:
    """The release of that id, complete; else say which there are."""
    schema_of(release_id)
    kept = releases(connection)
    for release in kept:
        if release.id == release_id:
            if release.state == "loading":
                raise ImporterError(f"release {release_id} is not complete; run load --release {release_id}")
            return release
    names = ", ".join(release.id for release in kept if release.state != "loading") or "none"
    raise ImporterError(f"release {release_id} is not in the database; kept releases: {names}")


def live(connection: psycopg.Connection) -> Release | None:
    return next((release for release in releases(connection) if release.live), None)


def document(connection: psycopg.Connection, schema: str, table: str) -> dict | list | None:
    """The one row of a release's manifest or statistics."""
    query = sql.SQL("SELECT document FROM {} LIMIT 1").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def store_document(connection: psycopg.Connection, schema: str, table: str, value: object) -> None:
    target = sql.Identifier(schema, table)
    with connection.transaction():
        connection.execute(sql.SQL("DELETE FROM {}").format(target))
        connection.execute(
            sql.SQL("INSERT INTO {} (document) VALUES (%s)").format(target), (psycopg.types.json.Jsonb(value),)
        )
