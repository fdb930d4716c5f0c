# SPDX-License-Identifier: Apache-2.0
"""Versions of the database: its catalog, its functions and the schemas of the kept releases."""

from __future__ import annotations

import hashlib

import psycopg

from ..database import grants, sessions, statements
from ..errors import ImporterError
from ..progress import note
from . import catalog, views

FOLDERS = {"catalog": "catalog", "functions": "functions", "changes": "release_changes"}


def release_format() -> int:
    """The version of the release schema that this importer writes."""
    return max((int(name.split("_")[0]) for name, _ in statements.files(FOLDERS["changes"])), default=1)


def migrate(connection: psycopg.Connection) -> None:
    """Bring catalog, functions and kept releases to this importer's version; quick when nothing is to do."""
    postgis = statements.postgis_schema(connection)
    if _current(connection):
        return
    with sessions.lock(connection, sessions.MIGRATE, wait=60), connection.transaction():
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
                connection.execute(statements.fill(text, postgis=postgis))
                _record(connection, name, text)
        for name, text in _wanted():
            if name.startswith("functions/") and applied.get(name) != _digest(text):
                connection.execute(statements.fill(text, postgis=postgis))
                _record(connection, name, text)
        change_releases(connection, postgis)
        shown = catalog.live(connection)
        if shown and connection.execute("SELECT to_regclass('public.zone_boxes')").fetchone()[0] is None:
            views.serve_boxes(connection, shown.schema_name)


def _wanted() -> list[tuple[str, str]]:
    return [
        (f"{folder}/{name}", text)
        for folder in ("catalog", "functions")
        for name, text in statements.files(FOLDERS[folder])
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
    changes = [(int(name.split("_")[0]), name, text) for name, text in statements.files(FOLDERS["changes"])]
    for release in catalog.releases(connection):
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
                statements.search_path(connection, release.schema_name, postgis)
                connection.execute(statements.fill(text, postgis=postgis))
                connection.execute(
                    "UPDATE cosmogony_catalog.releases SET format = %s WHERE id = %s", (version, release.id)
                )
                grants.copy_readers(connection, release.schema_name)
