# SPDX-License-Identifier: Apache-2.0
"""Adopt a database of the original importer: its table public.zones becomes a release."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from cosmogony_steps.errors import StepError
from psycopg import sql

from ..database import statements
from . import catalog, migrations, views

LEGACY = "legacy"  # id of the release made from the table of the original importer


def adopt_original_table(connection: psycopg.Connection) -> str | None:
    """Make the table public.zones of the original importer a release; return its id, or None without such a table.

    Runs in the transaction that creates the view in its place.

    Raises:
        StepError: public.zones is neither that table nor a view of this stack, or belongs to another role.
    """
    row = connection.execute(
        "SELECT c.relkind::text, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE') "
        "FROM pg_class c WHERE c.oid = to_regclass('public.zones')"
    ).fetchone()
    if row is None:
        return None
    kind, owner, is_owner = row
    if kind == "v" and views.is_view_of_this_stack(connection, "zones"):
        return None
    if kind != "r":
        raise StepError(
            "public.zones is neither a table of the original importer nor a view of this stack; "
            "rename it (ALTER ... RENAME) and publish again"
        )
    if not is_owner:
        raise StepError(
            f"public.zones belongs to {owner}; run the importer as {owner} or give the table to "
            "POSTGRES_USER (ALTER TABLE public.zones OWNER TO ...)"
        )
    release_id = _choose_id(connection)
    _move_table(connection, release_id)
    _register(connection, release_id)
    return release_id


def _choose_id(connection: psycopg.Connection) -> str:
    known = {release.id for release in catalog.list_releases(connection)}
    return LEGACY if LEGACY not in known else f"{LEGACY}-{datetime.now(UTC):%Y%m%dt%H%M%S}"


def _move_table(connection: psycopg.Connection, release_id: str) -> None:
    schema = catalog.get_schema_name(release_id)
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("ALTER TABLE public.zones SET SCHEMA {}").format(sql.Identifier(schema)))
    statements.set_search_path(connection, schema)
    connection.execute(statements.read_statement("release/adopt.sql"))
    connection.execute(
        sql.SQL(
            "INSERT INTO manifest (document) SELECT jsonb_build_object('id', {id}::text, 'counts', jsonb_build_object("
            "'zones', coalesce(sum(n), 0), 'by_type', coalesce(jsonb_object_agg(t, n), '{{}}'))) FROM ("
            "SELECT coalesce(zone_type, '') AS t, count(*) AS n FROM zones GROUP BY 1) AS types"
        ).format(id=sql.Literal(release_id))
    )


def _register(connection: psycopg.Connection, release_id: str) -> None:
    """Add the release to the catalog, as the oldest one and live."""
    connection.execute(
        "INSERT INTO cosmogony_catalog.releases (id, schema_name, state, format, created, loaded_at, published_at, "
        "zones) SELECT %s, %s, 'published', 1, coalesce(min(created), now()) - interval '1 second', now(), now(), "
        "(SELECT count(*) FROM zones) FROM cosmogony_catalog.releases",
        (release_id, catalog.get_schema_name(release_id)),
    )
    migrations.upgrade_releases(connection)
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
