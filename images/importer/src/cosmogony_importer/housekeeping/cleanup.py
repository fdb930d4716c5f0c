# SPDX-License-Identifier: Apache-2.0
"""Drop old releases, and what killed loads left in the database."""

from __future__ import annotations

import time

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.documents import ReleaseState
from cosmogony_steps.errors import TransientError
from psycopg import sql

from ..database import sessions
from ..load import staging
from ..releases import catalog
from ..releases.catalog import Release

PATIENCE = 60.0  # seconds to wait until nobody reads an old release, before it is kept


def drop_old_releases(connection: psycopg.Connection, keep: int, dry_run: bool = False) -> list[str]:
    """Drop all releases except the live one, the newest former ones, and a newer one that is not published yet.

    Args:
        connection: of a role that owns the releases.
        keep: how many of the releases that are or were live to keep, at least 1.
        dry_run: only list what would be dropped.

    Returns:
        The ids of dropped releases; `import` stands for the staging schema.
    """
    if dry_run:
        return _list_droppable(connection, keep)
    dropped = _drop_killed_loads(connection)
    with sessions.hold_advisory_lock(connection, sessions.SWITCH, wait=60):
        for release in _select_superfluous(catalog.list_releases(connection), keep):
            if _drop_release(connection, release.id, release.schema_name):
                dropped.append(release.id)
    return dropped


def _list_droppable(connection: psycopg.Connection, keep: int) -> list[str]:
    kept = catalog.list_releases(connection)
    staged = ["import"] if staging.list_staged_tables(connection) else []
    loading = [release.id for release in kept if release.is_loading]
    return staged + loading + [release.id for release in _select_superfluous(kept, keep)]


def _select_superfluous(releases: list[Release], keep: int) -> list[Release]:
    """Return the releases that are no longer needed; the argument begins with the newest."""
    live = next((release for release in releases if release.live), None)
    once_live = [release for release in releases if release.state == ReleaseState.RETIRED]
    never_live = [release for release in releases if release.state == ReleaseState.LOADED]
    waiting = [release for release in never_live if live is None or release.created > live.created][:1]
    return once_live[keep - 1 :] + [release for release in never_live if release not in waiting]


def _drop_killed_loads(connection: psycopg.Connection) -> list[str]:
    """Drop what killed loads left, unless a load is running; return the ids of the dropped releases."""
    dropped = []
    try:
        with sessions.hold_advisory_lock(connection, sessions.LOAD):
            with connection.transaction():
                if staging.drop_staged_tables(connection):
                    dropped.append("import")
            for release in catalog.list_releases(connection):
                if release.is_loading:
                    staging.remove_row_of_failed_load(connection, release.id)
                    dropped.append(release.id)
    except TransientError as error:
        log.info(f"the staging schema is not cleaned: {error}")
    return dropped


def _drop_release(connection: psycopg.Connection, release_id: str, schema: str) -> bool:
    """Drop a release unless readers or dependent objects prevent it; return whether it was dropped."""
    deadline = time.monotonic() + PATIENCE
    heartbeat.beat(f"dropping release {release_id}")
    while True:
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '500ms'")
                if connection.execute(
                    "SELECT 1 FROM cosmogony_catalog.live WHERE release_id = %s", (release_id,)
                ).fetchone():
                    return False
                _lock_zones(connection, schema)
                connection.execute("DELETE FROM cosmogony_catalog.releases WHERE id = %s", (release_id,))
                _drop_functions(connection, schema)
                tables = [
                    row[0]
                    for row in connection.execute(
                        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                        "WHERE n.nspname = %s AND c.relkind = 'r'",
                        (schema,),
                    ).fetchall()
                ]
                if connection.execute(
                    "SELECT 1 FROM pg_views WHERE schemaname = %s AND viewname = 'zone_boxes'", (schema,)
                ).fetchone():
                    connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier(schema, "zone_boxes")))
                if tables:
                    connection.execute(
                        sql.SQL("DROP TABLE {}").format(
                            sql.SQL(", ").join(sql.Identifier(schema, table) for table in tables)
                        )
                    )
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(sql.Identifier(schema)))
            log.info(f"release {release_id} dropped")
            return True
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > deadline:
                log.info(f"release {release_id} is being read; the next clean drops it")
                return False
            heartbeat.beat(f"waiting for readers of release {release_id}")  # only until the deadline
            time.sleep(0.5)
        except psycopg.errors.DependentObjectsStillExist as error:
            log.info(f"release {release_id} is kept because other objects depend on it: {error.diag.message_detail}")
            return False


def _lock_zones(connection: psycopg.Connection, schema: str) -> None:
    """Lock the table that readers of a release read first, before they wait for another one."""
    if connection.execute(
        "SELECT 1 FROM pg_tables WHERE (schemaname, tablename) = (%s, 'zones')", (schema,)
    ).fetchone():
        connection.execute(sql.SQL("LOCK TABLE {}").format(sql.Identifier(schema, "zones")))


def _drop_functions(connection: psycopg.Connection, schema: str) -> None:
    """Drop the functions and types with which a release is searched."""
    functions = connection.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = %s",
        (schema,),
    ).fetchall()
    types = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'c'",
        (schema,),
    ).fetchall()
    for (signature,) in functions:
        connection.execute(sql.SQL("DROP FUNCTION {}").format(sql.SQL(signature)))
    for (name,) in types:
        connection.execute(sql.SQL("DROP TYPE {}").format(sql.Identifier(schema, name)))
