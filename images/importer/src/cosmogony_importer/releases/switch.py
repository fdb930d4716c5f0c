# SPDX-License-Identifier: Apache-2.0
"""Publish and rollback: switch which release is live."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.documents import ReleaseState
from cosmogony_steps.errors import StepError, TransientError
from psycopg import sql
from psycopg.types.json import Jsonb

from ..database import grants, sessions, statements
from . import adoption, catalog, views
from .catalog import Release

LOCK_TIMEOUT = "150ms"  # how long a switch waits for older readers before it lets new ones through and tries again


def switch_live_release(
    connection: psycopg.Connection, target: Release, action: str, *, reason: str | None = None, patience: float = 600.0
) -> datetime:
    """Make a release live in one transaction, and try again while readers hold locks.

    Args:
        connection: of a role that owns the views.
        target: the release.
        action: recorded in the catalog, `publish` or `rollback`.
        reason: recorded in the catalog.
        patience: seconds to try.

    Returns:
        When the release became live, which may be earlier than this call.

    Raises:
        TransientError: readers held locks all the time, or another importer is switching.
    """
    deadline = time.monotonic() + patience
    pause, announced = 0.1, False
    with sessions.hold_advisory_lock(connection, sessions.SWITCH, wait=60):
        while True:
            try:
                return _try_switch(connection, target.id, action, reason)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                if time.monotonic() > deadline:
                    raise TransientError(
                        f"release {target.id} could not be made live for {patience:.0f} s: "
                        f"{_describe_reader(connection)}; end it or run the command again"
                    ) from error
                if not announced:
                    log.info(f"waiting for a long reader ({_describe_reader(connection)}); the site keeps answering")
                    announced = True
            heartbeat.beat("waiting for readers of public.zones")  # only until the deadline
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 1.5, 5.0)


def find_rollback_target(connection: psycopg.Connection) -> Release:
    """Return the release to roll back to: the newest one that is older than the live one and was live once.

    Raises:
        StepError: there is none.
    """
    kept = catalog.list_releases(connection)
    current = next((release for release in kept if release.live), None)
    if current is None:
        raise StepError("no release is live, so there is nothing to roll back; run publish first")
    for release in kept:
        if release.state == ReleaseState.RETIRED and release.created < current.created:
            return release
    raise StepError(f"no release older than the live {current.id} is kept; name another one with rollback --to ID")


def _try_switch(connection: psycopg.Connection, release_id: str, action: str, reason: str | None) -> datetime:
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        release = catalog.get_release(connection, release_id)
        before = catalog.find_live_release(connection)
        if (
            before
            and before.id == release_id
            and release.published_at
            and views.is_showing_release(connection, release.schema_name)
        ):
            return release.published_at
        privileges = grants.list_privileges(connection, "public.zones")
        adopted = adoption.adopt_original_table(connection)
        before = catalog.find_live_release(connection)
        now = datetime.now(UTC)
        if before and before.id != release_id:
            connection.execute("UPDATE cosmogony_catalog.releases SET state = 'retired' WHERE id = %s", (before.id,))
        connection.execute(
            "UPDATE cosmogony_catalog.releases SET state = 'published', published_at = %s WHERE id = %s",
            (now, release_id),
        )
        connection.execute(
            "INSERT INTO cosmogony_catalog.live (release_id, since) VALUES (%s, %s) ON CONFLICT "
            "(only_row) DO UPDATE SET release_id = excluded.release_id, since = excluded.since",
            (release_id, now),
        )
        connection.execute(
            "INSERT INTO cosmogony_catalog.publications (at, action, release_id, previous_id, reason) "
            "VALUES (%s, %s, %s, %s, %s)",
            (now, action, release_id, before.id if before else None, reason),
        )
        connection.execute(
            sql.SQL("UPDATE {} SET document = document || %s").format(release.qualify_table("manifest")),
            (Jsonb({"state": "published", "published": now.isoformat(timespec="seconds")}),),
        )
        # the last statement, so that the views are locked for the shortest time
        connection.execute(
            statements.read_statement("views.sql", release=release.schema_name, id=sql.Literal(release_id))
        )
        if adopted:
            grants.grant_privileges(connection, sql.Identifier("public", "zones"), privileges)
            grants.grant_schema_to_readers(connection, catalog.get_schema_name(adopted))
        views.create_boxes_view(connection, release.schema_name)
    if adopted:
        log.info(f"table public.zones of the original importer kept as release {adopted}")
    return now


def _describe_reader(connection: psycopg.Connection) -> str:
    """Describe the session that has been reading a switched view for the longest time."""
    row = connection.execute(
        "SELECT c.relname, a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'local'), "
        "age(clock_timestamp(), a.xact_start)::interval(0) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "JOIN pg_class c ON c.oid = l.relation WHERE l.granted AND a.pid <> pg_backend_pid() AND l.relation IN ("
        "to_regclass('public.zones'), to_regclass('public.cosmogony_release'), to_regclass('public.zone_boxes')) "
        "ORDER BY a.xact_start, c.relname DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return "a session reads public.zones"
    view, pid, program, client, since = row
    # PostgreSQL may hide some columns of pg_stat_activity for sessions of other roles
    who = " ".join(filter(None, (f"process {pid}", program, f"from {client}"))) + (f", since {since}," if since else "")
    return f"{who} reads public.{view}"
