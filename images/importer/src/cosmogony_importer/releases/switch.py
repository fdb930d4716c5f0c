# SPDX-License-Identifier: Apache-2.0
"""Which release is live: publish, rollback, and taking over an original database."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import grants, sessions, statements
from ..errors import ImporterError, TemporaryError
from ..progress import say
from . import catalog, migrations, views
from .catalog import Release

LOCK_TIMEOUT = "150ms"  # readers that come while we wait for an older reader wait no longer than that
LEGACY = "legacy"


def switch(
    connection: psycopg.Connection, target: Release, action: str, *, reason: str | None = None, patience: float = 600.0
) -> datetime:
    """Make a release the live one in one transaction, trying again while a reader is in the way."""
    deadline = time.monotonic() + patience
    pause, told = 0.1, False
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        while True:
            try:
                return _switch(connection, target.id, action, reason)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                if time.monotonic() > deadline:
                    raise TemporaryError(
                        f"release {target.id} could not be made live for {patience:.0f} s: {_reader(connection)}; "
                        "end it or run the command again"
                    ) from error
                if not told:
                    say(f"waiting for a long reader ({_reader(connection)}); the site goes on")
                    told = True
            heartbeat.beat("waiting for readers of public.zones")  # which ends at the deadline above
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 1.5, 5.0)


def _switch(connection: psycopg.Connection, release_id: str, action: str, reason: str | None) -> datetime:
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        release = catalog.find(connection, release_id)
        before = catalog.live(connection)
        if before and before.id == release_id and _view_shows(connection, release.schema_name):
            return release.published_at
        rights, adopted = adopt(connection)
        before = catalog.live(connection)
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
            sql.SQL("UPDATE {} SET document = document || %s").format(sql.Identifier(release.schema_name, "manifest")),
            (psycopg.types.json.Jsonb({"state": "published", "published": now.isoformat(timespec="seconds")}),),
        )
        # last, so that the views are locked for the shortest time
        connection.execute(statements.statement("views.sql", release=release.schema_name, id=sql.Literal(release_id)))
        if adopted:
            grants.give(connection, sql.Identifier("public", "zones"), rights)
            grants.copy_readers(connection, catalog.schema_of(adopted))
        views.serve_boxes(connection, release.schema_name)
    if adopted:
        say(f"table public.zones of the original importer kept as release {adopted}")
    return now


def _view_shows(connection: psycopg.Connection, schema: str) -> bool:
    row = connection.execute(
        "SELECT pg_get_viewdef(oid) FROM pg_class WHERE oid = to_regclass('public.zones') AND relkind = 'v'"
    ).fetchone()
    return bool(row) and f"{schema}.zones" in row[0].replace('"', "")


def _reader(connection: psycopg.Connection) -> str:
    """Who reads which of the views that a switch repoints, longest of all."""
    row = connection.execute(
        "SELECT c.relname, a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'local'), "
        "age(clock_timestamp(), a.xact_start)::interval(0) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "JOIN pg_class c ON c.oid = l.relation WHERE l.granted AND a.pid <> pg_backend_pid() AND l.relation IN ("
        "to_regclass('public.zones'), to_regclass('public.cosmogony_release'), to_regclass('public.zone_boxes')) "
        "ORDER BY a.xact_start, c.relname DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return "somebody reads public.zones"
    view, pid, program, client, since = row
    # of other users' sessions PostgreSQL tells no more than this
    who = " ".join(filter(None, (f"process {pid}", program, f"from {client}"))) + (f", since {since}," if since else "")
    return f"{who} reads public.{view}"


def adopt(connection: psycopg.Connection) -> tuple[list[grants.Right], str | None]:
    """Take the table public.zones of an original database over as a release; return the rights on it and its id.

    Runs inside the transaction that puts the view in its place.
    """
    row = connection.execute(
        "SELECT c.relkind::text, obj_description(c.oid, 'pg_class'), pg_get_userbyid(c.relowner), "
        "pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = to_regclass('public.zones')"
    ).fetchone()
    if row is None:
        return [], None
    kind, comment, owner, may = row
    if kind == "v" and views.OURS in (comment or ""):
        return [], None
    if kind != "r":
        raise ImporterError(
            "public.zones is neither a table of the original importer nor a view of this stack; "
            "rename it (ALTER ... RENAME) and publish again"
        )
    if not may:
        raise ImporterError(
            f"public.zones belongs to {owner}; run the importer as {owner} or give the table to "
            "POSTGRES_USER (ALTER TABLE public.zones OWNER TO ...)"
        )
    known = {release.id for release in catalog.releases(connection)}
    release_id = LEGACY if LEGACY not in known else f"{LEGACY}-{datetime.now(UTC):%Y%m%dt%H%M%S}"
    schema = catalog.schema_of(release_id)
    rights = grants.of_table(connection, "public.zones")
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("ALTER TABLE public.zones SET SCHEMA {}").format(sql.Identifier(schema)))
    statements.search_path(connection, schema, statements.postgis_schema(connection))
    connection.execute(statements.statement("release/adopt.sql"))
    connection.execute(
        sql.SQL(
            "INSERT INTO manifest (document) SELECT jsonb_build_object('id', {id}::text, 'counts', jsonb_build_object("
            "'zones', coalesce(sum(n), 0), 'by_type', coalesce(jsonb_object_agg(t, n), '{{}}'))) FROM ("
            "SELECT coalesce(zone_type, '') AS t, count(*) AS n FROM zones GROUP BY 1) AS types"
        ).format(id=sql.Literal(release_id))
    )
    connection.execute(
        "INSERT INTO cosmogony_catalog.releases (id, schema_name, state, format, created, loaded_at, published_at, "
        "zones) SELECT %s, %s, 'published', 1, coalesce(min(created), now()) - interval '1 second', now(), now(), "
        "(SELECT count(*) FROM zones) FROM cosmogony_catalog.releases",
        (release_id, schema),
    )
    migrations.change_releases(connection, statements.postgis_schema(connection))
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET bounds = cosmogony_catalog.release_bounds(schema_name) WHERE id = %s",
        (release_id,),
    )
    connection.execute(
        "INSERT INTO cosmogony_catalog.live (release_id) VALUES (%s) ON CONFLICT (only_row) "
        "DO UPDATE SET release_id = excluded.release_id, since = now()",
        (release_id,),
    )
    connection.execute(
        "INSERT INTO cosmogony_catalog.publications (action, release_id) VALUES ('adopt', %s)", (release_id,)
    )
    return rights, release_id


def previous(connection: psycopg.Connection) -> Release:
    """The newest kept release that is older than the live one."""
    kept = catalog.releases(connection)
    current = next((release for release in kept if release.live), None)
    if current is None:
        raise ImporterError("no release is live, so there is nothing to roll back; run publish first")
    for release in kept:
        if release.state == "retired" and release.created < current.created:
            return release
    raise ImporterError(f"no earlier release is kept beside the live {current.id}; rollback --to ID names another")
