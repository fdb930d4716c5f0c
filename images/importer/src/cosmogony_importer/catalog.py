# SPDX-License-Identifier: Apache-2.0
"""The catalog of releases: its schema, its versions, and questions to it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from . import boxes, db, grants
from .errors import ImporterError
from .progress import note

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
FOLDERS = {"catalog": "catalog", "functions": "functions", "changes": "release_changes"}


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


def release_format() -> int:
    """The version of the release schema that this importer writes."""
    return max((int(name.split("_")[0]) for name, _ in db.files(FOLDERS["changes"])), default=1)


def migrate(connection: psycopg.Connection) -> None:
    """Bring catalog, functions and kept releases to this importer's version; quick when nothing is to do."""
    postgis = db.postgis_schema(connection)
    if _current(connection):
        return
    with db.lock(connection, db.MIGRATE, wait=60), connection.transaction():
        connection.execute("CREATE SCHEMA IF NOT EXISTS cosmogony_catalog")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS cosmogony_catalog.migrations (name text PRIMARY KEY, "
            "digest text NOT NULL, applied timestamptz NOT NULL DEFAULT now())"
        )
        applied = dict(connection.execute("SELECT name, digest FROM cosmogony_catalog.migrations").fetchall())
        known = {name for name, _ in _wanted()}
        newer = sorted(name for name in applied if name.startswith("catalog/") and name not in known)
        if newer:
            raise ImporterError(f"the database was changed by a newer importer ({', '.join(newer)}); use that one")
        for name, text in _wanted():
            if name.startswith("catalog/") and name not in applied:
                note(f"database: applying {name}")
                connection.execute(db.fill(text, postgis=postgis))
                _record(connection, name, text)
        for name, text in _wanted():
            if name.startswith("functions/") and applied.get(name) != _digest(text):
                connection.execute(db.fill(text, postgis=postgis))
                _record(connection, name, text)
        change_releases(connection, postgis)
        shown = live(connection)
        if shown and connection.execute("SELECT to_regclass('public.zone_boxes')").fetchone()[0] is None:
            boxes.serve(connection, shown.schema_name)


def _wanted() -> list[tuple[str, str]]:
    return [
        (f"{folder}/{name}", text) for folder in ("catalog", "functions") for name, text in db.files(FOLDERS[folder])
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _current(connection: psycopg.Connection) -> bool:
    try:
        applied = dict(connection.execute("SELECT name, digest FROM cosmogony_catalog.migrations").fetchall())
        behind = connection.execute(
            "SELECT count(*) FROM cosmogony_catalog.releases WHERE format < %s AND state <> 'loading' "
            "AND to_regnamespace(quote_ident(schema_name)) IS NOT NULL",
            (release_format(),),
        ).fetchone()[0]
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return False
    wanted = _wanted()
    same = all(
        name in applied and (name.startswith("catalog/") or applied[name] == _digest(text)) for name, text in wanted
    )
    return same and not behind and {name for name in applied if name.startswith("catalog/")} <= {n for n, _ in wanted}


def _record(connection: psycopg.Connection, name: str, text: str) -> None:
    connection.execute(
        "INSERT INTO cosmogony_catalog.migrations (name, digest) VALUES (%s, %s) ON CONFLICT (name) "
        "DO UPDATE SET digest = excluded.digest, applied = now()",
        (name, _digest(text)),
    )


def change_releases(connection: psycopg.Connection, postgis: str) -> None:
    """Apply what changed in the release schema to every kept release."""
    changes = [(int(name.split("_")[0]), name, text) for name, text in db.files(FOLDERS["changes"])]
    for release in releases(connection):
        if release.state == "loading":
            continue
        format_, there = connection.execute(
            "SELECT format, to_regnamespace(quote_ident(schema_name)) IS NOT NULL "
            "FROM cosmogony_catalog.releases WHERE id = %s",
            (release.id,),
        ).fetchone()
        if not there:  # dropped by hand: unqualified names would be found in another schema
            continue
        for version, name, text in changes:
            if version > format_:
                note(f"database: applying {name} to release {release.id}")
                db.search_path(connection, release.schema_name, postgis)
                connection.execute(db.fill(text, postgis=postgis))
                connection.execute(
                    "UPDATE cosmogony_catalog.releases SET format = %s WHERE id = %s", (version, release.id)
                )
                grants.copy_readers(connection, release.schema_name)


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
