# SPDX-License-Identifier: Apache-2.0
"""The views of the schema public that serve the live release."""

from __future__ import annotations

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError

from ..database import grants, statements

SCHEMA_PREFIX = "release_"  # with which the names of the schemas of releases begin
# columns of the empty view public.zones before the first release (no_zones.sql)
EMPTY_VIEW_COLUMNS = [
    ("id", "bigint"),
    ("parent", "bigint"),
    ("name", "character varying"),
    ("admin_level", "integer"),
    ("zone_type", "character varying"),
    ("osm_id", "character varying"),
    ("wikidata", "character varying"),
    ("geometry", "USER-DEFINED"),
    ("country_code", "character varying"),
]


def _list_view_sources(connection: psycopg.Connection, view: str) -> set[tuple[str, str]]:
    """Return schema and name of the tables and views that a view reads; empty if it is not a view."""
    return set(connection.execute(statements.read_statement("view_sources.sql"), {"view": view}).fetchall())


def is_showing_release(connection: psycopg.Connection, schema: str) -> bool:
    """Return whether public.zones reads the release in this schema, so that it is the live one."""
    return (schema, "zones") in _list_view_sources(connection, "public.zones")


def is_view_of_this_stack(connection: psycopg.Connection, name: str) -> bool:
    """Return whether a view of the schema public belongs to this stack: it reads a release, or is the empty view."""
    sources = _list_view_sources(connection, f"public.{name}")
    if sources:
        return any(schema.startswith(SCHEMA_PREFIX) and table == name for schema, table in sources)
    columns = connection.execute(
        "SELECT column_name::text, data_type::text FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
        (name,),
    ).fetchall()
    return columns == EMPTY_VIEW_COLUMNS


def create_boxes_view(connection: psycopg.Connection, schema: str) -> None:
    """Create or replace the view public.zone_boxes of the boxes of a release, for all who may read public.zones.

    Raises:
        StepError: public.zone_boxes is something else.
    """
    exists = connection.execute("SELECT 1 WHERE to_regclass('public.zone_boxes') IS NOT NULL").fetchone()
    if exists and not is_view_of_this_stack(connection, "zone_boxes"):
        raise StepError("public.zone_boxes is not a view of this stack; rename it (ALTER ... RENAME) and publish again")
    connection.execute(statements.read_statement("zone_boxes.sql", release=schema))
    grants.grant_view_to_readers(connection, "public", "zone_boxes")


def create_empty_zones_view(connection: psycopg.Connection) -> None:
    """Create an empty view public.zones if there is nothing with that name.

    t-rex reads its columns at the start, which may be before the first release.
    """
    with connection.transaction():
        statements.set_search_path(connection, "pg_catalog")
        if connection.execute("SELECT 1 WHERE to_regclass('public.zones') IS NULL").fetchone():
            connection.execute(statements.read_statement("no_zones.sql"))
            log.info("nothing is published; made an empty view public.zones for t-rex")
