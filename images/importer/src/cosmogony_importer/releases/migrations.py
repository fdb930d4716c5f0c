# SPDX-License-Identifier: Apache-2.0
"""Versions of the database: its catalog, its functions and the schemas of the kept releases."""

from __future__ import annotations

import hashlib

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError

from ..database import grants, sessions, statements
from ..database.queries import fetch_row, fetch_value
from . import catalog, views

SERVED_VIEWS = ("cosmogony_runs", "cosmogony_former_releases")  # that the API reads besides the live release
CATALOG, FUNCTIONS, CHANGES = "catalog", "functions", "release_changes"  # folders of SQL files


def get_latest_release_format() -> int:
    """Return the version of the tables in the schema of a new release."""
    return max((_parse_version(name) for name, _ in statements.read_files(CHANGES)), default=1)


def migrate_database(connection: psycopg.Connection) -> None:
    """Upgrade catalog, functions and kept releases to the version of this importer; quick if they are up to date.

    Raises:
        StepError: a newer importer has changed the database, or PostGIS is missing or too old.
        TransientError: another importer is upgrading the database.
    """
    postgis = statements.find_postgis_schema(connection)
    if _is_current(connection):
        return
    statements.check_geos(connection, postgis)
    with sessions.hold_advisory_lock(connection, sessions.MIGRATE, wait=60), connection.transaction():
        connection.execute("CREATE SCHEMA IF NOT EXISTS cosmogony_catalog")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS cosmogony_catalog.migrations (name text PRIMARY KEY, "
            "digest text NOT NULL, applied timestamptz NOT NULL DEFAULT now())"
        )
        applied = _read_applied(connection)
        files = _list_files()
        newer = sorted(name for name in applied if _is_catalog(name) and name not in files)
        if newer:
            raise StepError(f"the database was changed by a newer importer ({', '.join(newer)}); use that one")
        for name, text in files.items():
            if _is_catalog(name):
                if name in applied:
                    continue
                log.info(f"database: applying {name}")
            elif applied.get(name) == _hash(text):
                continue
            connection.execute(statements.fill_placeholders(text, postgis=postgis))
            _record_applied(connection, name, text)
        for view in SERVED_VIEWS:
            grants.grant_view_to_readers(connection, "public", view)
        upgrade_releases(connection)
        live = catalog.find_live_release(connection)
        if live and fetch_value(connection.execute("SELECT to_regclass('public.zone_boxes')")) is None:
            views.create_boxes_view(connection, live.schema_name)


def upgrade_releases(connection: psycopg.Connection) -> None:
    """Apply the changes of the release schema to every kept release."""
    postgis = statements.find_postgis_schema(connection)
    changes = [(_parse_version(name), name, text) for name, text in statements.read_files(CHANGES)]
    for release in catalog.list_releases(connection):
        if release.is_loading:
            continue
        format_, exists = fetch_row(
            connection.execute(
                "SELECT format, to_regnamespace(quote_ident(schema_name)) IS NOT NULL "
                "FROM cosmogony_catalog.releases WHERE id = %s",
                (release.id,),
            )
        )
        if not exists:  # somebody dropped the schema: unqualified names would be found in another one
            continue
        for version, name, text in changes:
            if version > format_:
                log.info(f"database: applying {name} to release {release.id}")
                statements.set_search_path(connection, release.schema_name)
                connection.execute(statements.fill_placeholders(text, postgis=postgis))
                connection.execute(
                    "UPDATE cosmogony_catalog.releases SET format = %s WHERE id = %s", (version, release.id)
                )
                grants.grant_schema_to_readers(connection, release.schema_name)


def _list_files() -> dict[str, str]:
    """Return the SQL files of the catalog, then those of the functions: texts by folder and name."""
    return {f"{folder}/{name}": text for folder in (CATALOG, FUNCTIONS) for name, text in statements.read_files(folder)}


def _is_catalog(name: str) -> bool:
    return name.startswith(f"{CATALOG}/")


def _parse_version(name: str) -> int:
    return int(name.split("_")[0])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_current(connection: psycopg.Connection) -> bool:
    try:
        applied = _read_applied(connection)
        behind = fetch_value(
            connection.execute(
                "SELECT count(*) FROM cosmogony_catalog.releases WHERE format < %s AND state <> 'loading' "
                "AND to_regnamespace(quote_ident(schema_name)) IS NOT NULL",
                (get_latest_release_format(),),
            )
        )
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return False
    files = _list_files()
    same = all(name in applied and (_is_catalog(name) or applied[name] == _hash(text)) for name, text in files.items())
    return same and not behind and {name for name in applied if _is_catalog(name)} <= files.keys()


def _read_applied(connection: psycopg.Connection) -> dict[str, str]:
    """Return the digests of the SQL files that were applied to this database, by folder and name."""
    return dict(connection.execute("SELECT name, digest FROM cosmogony_catalog.migrations").fetchall())


def _record_applied(connection: psycopg.Connection, name: str, text: str) -> None:
    connection.execute(
        "INSERT INTO cosmogony_catalog.migrations (name, digest) VALUES (%s, %s) ON CONFLICT (name) "
        "DO UPDATE SET digest = excluded.digest, applied = now()",
        (name, _hash(text)),
    )
