# SPDX-License-Identifier: Apache-2.0
"""What the API needs to find zones: names in normal form, the functions of a release; and its coverage."""

from __future__ import annotations

import time

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError
from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.shortening import join_first
from psycopg import sql

from ..database import parallel, statements
from ..progress import TimedProgress, format_duration

SHARE = (90, 100)  # per cent of a load that are done before and after this
CHUNK_ZONES = 5_000  # zones that one statement prepares
TRIGRAMS = "pg_trgm"
COLLATION = "und-x-icu"  # knows lower case of all letters, whatever the locale of the database is
MAX_NAMED = 20


def create_normal_form_function(connection: psycopg.Connection) -> None:
    """Create the function normal_form in the first schema of the search path."""
    has_icu = connection.execute("SELECT 1 FROM pg_collation WHERE collname = %s", (COLLATION,)).fetchone()
    collation = sql.Identifier("pg_catalog", COLLATION if has_icu else "default")
    connection.execute(statements.read_statement("release/normal_form.sql", collation=collation))


def require_unique_osm_ids(connection: psycopg.Connection) -> None:
    """Check that no two zones of the first schema of the search path have the same osm_id.

    Raises:
        StepError: some do; the message names the first ones.
    """
    repeated = connection.execute(
        "SELECT osm_id, array_agg(id ORDER BY id) FROM zones WHERE osm_id IS NOT NULL GROUP BY osm_id "
        "HAVING count(*) > 1 ORDER BY min(id)"
    ).fetchall()
    if repeated:
        found = [f"{osm_id} (zones {', '.join(map(str, ids))})" for osm_id, ids in repeated]
        raise StepError(
            f"several zones with a geometry have the same osm_id: {join_first(found, MAX_NAMED)}. "
            "Nothing was loaded. Correct the file, or make it again"
        )


def fill_lookup_tables(settings: DatabaseAddress, connection: psycopg.Connection, schema: str, jobs: int = 0) -> None:
    """Fill the tables zone_names and coverage from the table zones, and create their indexes.

    Args:
        settings: the database, for parallel connections.
        connection: does the rest of the work.
        schema: contains the tables.
        jobs: number of connections; 0 is one per processor.
    """
    start = time.monotonic()
    with connection.transaction():
        statements.set_search_path(connection, schema)
        ids = [row[0] for row in connection.execute("SELECT id FROM zones ORDER BY id").fetchall()]
        connection.execute(statements.read_statement("release/country_areas.sql"))
    chunks = [ids[begin : begin + CHUNK_ZONES] for begin in range(0, len(ids), CHUNK_ZONES)]
    progress = TimedProgress("prepared for searching, zones", len(ids), SHARE)

    def fill(own: psycopg.Connection, ids: list[int]) -> None:
        with own.transaction():
            statements.set_search_path(own, schema)
            own.execute(statements.read_statement("release/names.sql"), {"ids": ids})
            own.execute(statements.read_statement("release/covered_areas.sql"), {"ids": ids})
        progress.advance(len(ids))

    parallel.process_items(settings, chunks, fill, jobs)
    progress.end()
    with connection.transaction():
        statements.set_search_path(connection, schema)
        connection.execute(statements.read_statement("release/coverage.sql"))
        connection.execute(statements.read_statement("release/lookup_indexes.sql"))
        if trigrams := create_or_find_trigram_extension(connection):
            connection.execute(statements.read_statement("release/trigram_index.sql", trigrams=trigrams))
    connection.execute(
        sql.SQL("VACUUM (ANALYZE) {}, {}").format(
            *(sql.Identifier(schema, table) for table in ("zone_names", "coverage"))
        )
    )
    log.info(f"prepared for searching in {format_duration(time.monotonic() - start)}")


def create_search_functions(connection: psycopg.Connection, schema: str) -> None:
    """Create the functions that search a release, in its schema, to which its tables have been moved."""
    statements.set_search_path(connection, schema)
    postgis = statements.find_postgis_schema(connection)
    path = dict.fromkeys((schema, postgis, _find_extension_schema(connection) or postgis))
    connection.execute(
        statements.read_statement(
            "release/lookups.sql", search_path=sql.SQL(", ").join(map(sql.Identifier, path)), postgis=postgis
        )
    )


def create_or_find_trigram_extension(connection: psycopg.Connection) -> str | None:
    """Return the schema of the extension for trigrams, which is created first if possible; None without it."""
    if found := _find_extension_schema(connection):
        return found
    postgis = sql.Identifier(statements.find_postgis_schema(connection))
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE EXTENSION {} SCHEMA {}").format(sql.Identifier(TRIGRAMS), postgis))
    except psycopg.Error as error:
        reason = error.diag.message_primary or " ".join(str(error).split())
        log.info(
            f"the release is searched by whole names and their beginnings only: extension {TRIGRAMS} cannot be created "
            f'({reason}); run "CREATE EXTENSION {TRIGRAMS}" in database {connection.info.dbname} as a superuser '
            "(it comes with PostgreSQL, on some systems as package postgresql-contrib), then load a release again"
        )
        return None
    return _find_extension_schema(connection)


def _find_extension_schema(connection: psycopg.Connection) -> str | None:
    row = connection.execute(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = %s",
        (TRIGRAMS,),
    ).fetchone()
    return str(row[0]) if row else None
