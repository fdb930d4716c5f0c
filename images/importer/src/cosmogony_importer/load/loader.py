# SPDX-License-Identifier: Apache-2.0
"""Loads zones into the staging schema `import` and turns it into a release, all or nothing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, Any

import psycopg
from psycopg import sql

from ..database import grants, sessions, statements
from ..errors import ImporterError
from ..progress import Progress, duration, say
from ..releases import catalog, migrations
from ..settings import Database
from . import bands, boxes, rows, staging

EVERY = 10_000
PART = (0, bands.PARTS[0])  # per cent of the work of a load


@dataclass
class Loaded:
    """What went in."""

    rows: int = 0
    skipped: int = 0
    by_country: dict[str, Counter] = field(default_factory=dict)

    def count(self, row: rows.Row) -> None:
        self.rows += 1
        self.by_country.setdefault(row[8] or "", Counter())[row[4] or ""] += 1

    def counts(self) -> dict[str, Any]:
        by_type: Counter = Counter()
        for types in self.by_country.values():
            by_type += types
        return {
            "zones": self.rows,
            "by_type": dict(sorted(by_type.items())),
            "by_country": {code: dict(sorted(types.items())) for code, types in sorted(self.by_country.items())},
        }


@dataclass(frozen=True)
class Source:
    """A stream of zones, its format and its name in messages."""

    stream: IO[bytes]
    ending: str
    name: str


def load(
    settings: Database,
    connection: psycopg.Connection,
    release_id: str,
    source: Source,
    *,
    manifest: dict[str, Any] | None = None,
    wait: float = 0.0,
    allow_empty: bool = False,
    jobs: int = 0,
) -> Loaded:
    """Load zones as a new release; either it is complete in the end or nothing of it is there.

    The work is done in the staging schema; the last transaction makes the release of it.
    """
    schema = catalog.schema_of(release_id)
    postgis = statements.postgis_schema(connection)
    with sessions.lock(connection, sessions.LOAD, wait):
        if done := already(connection, release_id):
            return done
        _announce(connection, release_id, schema, manifest)
        try:
            loaded = _stage(settings, connection, schema, source, manifest, allow_empty, jobs)
            with connection.transaction():
                statements.search_path(connection, staging.SCHEMA, postgis)
                catalog.store_document(
                    connection, staging.SCHEMA, "manifest", manifest or {"id": release_id, "counts": loaded.counts()}
                )
                _finish(connection, release_id, schema, loaded)
        except BaseException:
            _give_up(connection, release_id)
            raise
    return loaded


def _stage(
    settings: Database,
    connection: psycopg.Connection,
    schema: str,
    source: Source,
    manifest: dict[str, Any] | None,
    allow_empty: bool,
    jobs: int,
) -> Loaded:
    loaded = Loaded()
    postgis = statements.postgis_schema(connection)
    with connection.transaction():
        _prepare(connection, schema)
        statements.search_path(connection, staging.SCHEMA, postgis)
        _tables(connection)
        _copy(connection, source, loaded, (manifest or {}).get("counts", {}).get("zones") or 0, jobs)
        if not loaded.rows and not allow_empty:
            raise ImporterError(f"the input has no zone with a geometry ({loaded.skipped} without); nothing loaded")
        start = time.monotonic()
        _index(connection)
    say(f"indexes made in {duration(time.monotonic() - start)}")
    start = time.monotonic()
    bands.make(settings, connection, staging.SCHEMA, jobs)
    say(f"low zooms simplified in {duration(time.monotonic() - start)}")
    return loaded


def _give_up(connection: psycopg.Connection, release_id: str) -> None:
    """Leave nothing of a load that failed; what a lost connection leaves goes with the next load or clean."""
    try:
        with connection.transaction():
            staging.drop(connection)
        staging.forget(connection, release_id)
    except psycopg.Error as error:
        say(f"staging could not be dropped ({' '.join(str(error).split())}); the next load or clean does it")


def already(connection: psycopg.Connection, release_id: str) -> Loaded | None:
    """What an earlier run of the same load put in."""
    row = connection.execute(
        "SELECT zones, skipped FROM cosmogony_catalog.releases WHERE id = %s AND state <> 'loading'", (release_id,)
    ).fetchone()
    if row is None:
        return None
    say(f"release {release_id} is already loaded: {row[0]} zones")
    return Loaded(row[0], row[1] or 0)


def _announce(connection: psycopg.Connection, release_id: str, schema: str, manifest: dict[str, Any] | None) -> None:
    """Make the load visible to `list`; a row that a killed load left is taken over."""
    connection.execute(
        "INSERT INTO cosmogony_catalog.releases (id, schema_name, inputs_digest, state, format) "
        "VALUES (%s, %s, %s, 'loading', %s) ON CONFLICT (id) DO UPDATE SET inputs_digest = excluded.inputs_digest, "
        "format = excluded.format, created = now()",
        (release_id, schema, (manifest or {}).get("inputs_digest"), migrations.release_format()),
    )


def _prepare(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(staging.SCHEMA)))
    staging.drop(connection)
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone():
        raise ImporterError(f"schema {schema} exists but the catalog does not know it; drop it or rename it")


def _tables(connection: psycopg.Connection) -> None:
    connection.execute(statements.statement("release/001_release.sql"))
    # coordinates hardly get smaller, and compressing them takes longer than all the rest
    connection.execute("ALTER TABLE zones ALTER COLUMN geometry SET STORAGE EXTERNAL")


def _index(connection: psycopg.Connection) -> None:
    connection.execute(statements.statement("release/indexes.sql"))
    connection.execute("ANALYZE zones, zone_boxes")


def _copy(connection: psycopg.Connection, source: Source, loaded: Loaded, expected: int, jobs: int) -> None:
    start = time.monotonic()
    progress = Progress("load", expected, PART)
    statement = f"COPY zones ({', '.join(rows.COLUMNS)}) FROM STDIN (FORMAT BINARY, FREEZE)"
    collected = boxes.Collected()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(rows.TYPES)
        for row in rows.of_stream(source.stream, source.ending, source.name, jobs):
            progress.advance()
            if row is None:
                loaded.skipped += 1
                continue
            copy.write_row(row[:-1])
            collected.add(row[0], row[-1])
            loaded.count(row)
            if loaded.rows % EVERY == 0:
                say(f"{loaded.rows} zones imported in {duration(time.monotonic() - start)}")
    collected.store(connection)
    progress.end()
    say(f"{loaded.rows} zones imported in {duration(time.monotonic() - start)}")
    if loaded.skipped:
        say(f"{loaded.skipped} records without geometry skipped")


def _finish(connection: psycopg.Connection, release_id: str, schema: str, loaded: Loaded) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in staging.TABLES:
        connection.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(
                sql.Identifier(staging.SCHEMA, table), sql.Identifier(schema)
            )
        )
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET state = 'loaded', loaded_at = now(), zones = %s, skipped = %s, "
        "bounds = cosmogony_catalog.release_bounds(schema_name) WHERE id = %s",
        (loaded.rows, loaded.skipped, release_id),
    )
    grants.copy_readers(connection, schema)
