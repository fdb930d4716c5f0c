# SPDX-License-Identifier: Apache-2.0
"""Drops releases that are too old and what killed loads left."""

from __future__ import annotations

import time

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import sessions
from ..errors import ImporterError, TemporaryError
from ..load import staging
from ..progress import say
from ..releases import catalog
from ..releases.catalog import Release

PATIENCE = 60.0  # seconds to wait for readers of an old release


def clean(connection: psycopg.Connection, keep: int, dry_run: bool = False) -> list[str]:
    """Keep the live release, the newest that were live before up to `keep` in all, and a newer one that waits.

    Returns what was dropped, or what would be.
    """
    if keep < 1:
        raise ImporterError(f"--keep is {keep}, wanted 1 or more; the live release is never dropped")
    if dry_run:
        return _would_drop(connection, keep)
    dropped = _debris(connection)
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        for release in _superfluous(catalog.releases(connection), keep):
            if _drop(connection, release.id, release.schema_name):
                dropped.append(release.id)
    return dropped


def _would_drop(connection: psycopg.Connection, keep: int) -> list[str]:
    kept = catalog.releases(connection)
    staged = ["import"] if staging.present(connection) else []
    loading = [release.id for release in kept if release.state == "loading"]
    return staged + loading + [release.id for release in _superfluous(kept, keep)]


def _superfluous(releases: list[Release], keep: int) -> list[Release]:
    """What has no use any more; releases come newest first."""
    live = next((release for release in releases if release.live), None)
    once_live = [release for release in releases if release.state == "retired"]
    never_live = [release for release in releases if release.state == "loaded"]
    waiting = [release for release in never_live if live is None or release.created > live.created][:1]
    return once_live[keep - 1 :] + [release for release in never_live if release not in waiting]


def _debris(connection: psycopg.Connection) -> list[str]:
    """What a killed load left; skipped while a load is running."""
    dropped = []
    try:
        with sessions.lock(connection, sessions.LOAD):
            with connection.transaction():
                if staging.drop(connection):
                    dropped.append("import")
            for release in catalog.releases(connection):
                if release.state == "loading":
                    staging.forget(connection, release.id)
                    dropped.append(release.id)
    except TemporaryError as error:
        say(f"staging left alone: {error}")
    return dropped


def _drop(connection: psycopg.Connection, release_id: str, schema: str) -> bool:
    """Drop one release; a reader of it is waited for, objects of others that need it keep it."""
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
                connection.execute("DELETE FROM cosmogony_catalog.releases WHERE id = %s", (release_id,))
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
            say(f"release {release_id} dropped")
            return True
        except psycopg.errors.LockNotAvailable:
            if time.monotonic() > deadline:
                say(f"release {release_id} is being read, left for the next time")
                return False
            heartbeat.beat(f"waiting for readers of release {release_id}")  # which ends at the deadline above
            time.sleep(0.5)
        except psycopg.errors.DependentObjectsStillExist as error:
            say(f"release {release_id} is kept because something else needs it: {error.diag.message_detail}")
            return False
