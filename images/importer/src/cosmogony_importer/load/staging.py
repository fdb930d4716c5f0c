# SPDX-License-Identifier: Apache-2.0
"""The staging schema `import`, in which a load builds the tables of a release."""

from __future__ import annotations

import psycopg
from psycopg import sql

from . import bands

SCHEMA = "import"
TABLES = (
    *("zones", "zone_boxes", "zone_pieces", "zone_names", "coverage", "manifest", "statistics", "tiles"),
    *(f"zones_z{zoom}" for zoom in bands.BANDS),
)
FUNCTIONS = ("normal_form",)
HELPERS = ("band_chunks", "country_areas", "covered_areas")


def list_staged_tables(connection: psycopg.Connection) -> list[str]:
    """Return the names of the importer's tables in the staging schema."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s "
            "AND c.relkind = 'r' AND c.relname = ANY(%s)",
            (SCHEMA, [*TABLES, *HELPERS]),
        ).fetchall()
    ]


def drop_staged_tables(connection: psycopg.Connection) -> int:
    """Drop the importer's tables in the staging schema; return their number.

    Killed loads of the original importer leave such tables, too.
    """
    for name in FUNCTIONS:
        if connection.execute("SELECT to_regproc(%s)", (f"{SCHEMA}.{name}",)).fetchone() != (None,):
            connection.execute(sql.SQL("DROP FUNCTION {}").format(sql.Identifier(SCHEMA, name)))
    names = list_staged_tables(connection)
    for name in names:
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, name)))
    return len(names)


def remove_row_of_failed_load(connection: psycopg.Connection, release_id: str) -> None:
    """Remove the row of a release from the catalog, if its load failed."""
    connection.execute("DELETE FROM cosmogony_catalog.releases WHERE id = %s AND state = 'loading'", (release_id,))
