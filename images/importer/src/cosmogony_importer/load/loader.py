# SPDX-License-Identifier: Apache-2.0
"""Load zones into the staging schema `import`, and make a release of it in the last transaction."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import psycopg
from cosmogony_steps import log
from cosmogony_steps.documents import Manifest, ManifestCounts
from cosmogony_steps.errors import StepError
from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.zonefiles import ZoneFormat
from psycopg import sql

from ..database import grants, sessions, statements
from ..progress import TimedProgress, format_duration
from ..releases import catalog, migrations
from . import bands, boxes, lookups, rows, staging
from .rows import ZoneRow

LOG_EVERY = 10_000  # zones
SHARE = (0, bands.PROGRESS[0])  # per cent of a load that are done before and after the zones are copied


@dataclass
class LoadCounts:
    """Counts zones of a load: loaded ones by country and type, and skipped ones, which have no geometry."""

    rows: int = 0
    skipped: int = 0
    by_country: dict[str, Counter[str]] = field(default_factory=dict)

    def count_row(self, row: ZoneRow) -> None:
        """Add a loaded row to the counts."""
        self.rows += 1
        self.by_country.setdefault(row.get("country_code") or "", Counter())[row.get("zone_type") or ""] += 1

    def to_manifest_counts(self) -> ManifestCounts:
        """Return the counts of zones in the form of a manifest."""
        by_type: Counter[str] = Counter()
        for types in self.by_country.values():
            by_type += types
        return ManifestCounts(
            zones=self.rows,
            by_type=dict(sorted(by_type.items())),
            by_country={code: dict(sorted(types.items())) for code, types in sorted(self.by_country.items())},
        )


@dataclass(frozen=True)
class ZoneStream:
    """A file of zones to load: stream, format, and its name in messages."""

    stream: IO[bytes]
    format: ZoneFormat
    name: str


def load_release(
    settings: DatabaseAddress,
    connection: psycopg.Connection,
    release_id: str,
    source: ZoneStream,
    *,
    document: Mapping[str, Any] | None = None,
    wait: float = 0.0,
    allow_empty: bool = False,
    jobs: int = 0,
) -> LoadCounts:
    """Load zones as a new release, completely or not at all.

    Args:
        settings: the database, for parallel connections.
        connection: does the rest of the work.
        release_id: of the new release.
        source: its zones.
        document: the manifest as JSON, stored unchanged; if there is none, the counts are stored as manifest.
        wait: seconds to wait while another load is running.
        allow_empty: accept a source without zones.
        jobs: number of threads and of connections; 0 is one per processor.

    Returns:
        The numbers of this load, or of an earlier load of the release.

    Raises:
        DocumentError: the document is not a manifest.
        StepError: the source is damaged, empty or refused.
        TransientError: another load is running.
    """
    schema = catalog.get_schema_name(release_id)
    manifest = None if document is None else Manifest.from_json(document, f"of release {release_id}")
    with sessions.hold_advisory_lock(connection, sessions.LOAD, wait):
        if done := find_counts_of_earlier_load(connection, release_id):
            return done
        _register_load(connection, release_id, schema, manifest)
        try:
            expected = manifest.counts.zones if manifest and manifest.counts else 0
            loaded = _load_into_staging(settings, connection, schema, source, expected, allow_empty, jobs)
            with connection.transaction():
                statements.set_search_path(connection, staging.SCHEMA)
                if document is None:
                    document = Manifest(id=release_id, counts=loaded.to_manifest_counts()).to_json()
                catalog.replace_release_document(connection, staging.SCHEMA, "manifest", document)
                _promote_staging(connection, release_id, schema, loaded)
        except BaseException:
            _discard_load(connection, release_id)
            raise
    return loaded


def _load_into_staging(
    settings: DatabaseAddress,
    connection: psycopg.Connection,
    schema: str,
    source: ZoneStream,
    expected: int,
    allow_empty: bool,
    jobs: int,
) -> LoadCounts:
    loaded = LoadCounts()
    with connection.transaction():
        _prepare_staging(connection, schema)
    # a connection copies into one table at a time
    with sessions.connect(settings) as second, second.transaction(), connection.transaction():
        for one in (connection, second):
            statements.set_search_path(one, staging.SCHEMA)
        _create_tables(connection)
        second.execute(statements.read_statement("release/pieces.sql"))
        _copy_zones(connection, second, source, loaded, expected, jobs)
        if not loaded.rows and not allow_empty:
            raise StepError(f"the input has no zone with a geometry ({loaded.skipped} without); nothing loaded")
        start = time.monotonic()
        _create_indexes(connection)
        second.execute(statements.read_statement("release/pieces_index.sql"))
    log.info(f"indexes made in {format_duration(time.monotonic() - start)}")
    start = time.monotonic()
    bands.create_band_tables(settings, connection, staging.SCHEMA, jobs)
    log.info(f"low zooms simplified in {format_duration(time.monotonic() - start)}")
    lookups.fill_lookup_tables(settings, connection, staging.SCHEMA, jobs)
    return loaded


def _discard_load(connection: psycopg.Connection, release_id: str) -> None:
    """Remove everything of a failed load; if the connection is lost, the next load or clean does that."""
    try:
        with connection.transaction():
            staging.drop_staged_tables(connection)
        staging.remove_row_of_failed_load(connection, release_id)
    except psycopg.Error as error:
        log.info(f"staging could not be dropped ({' '.join(str(error).split())}); the next load or clean does it")


def find_counts_of_earlier_load(connection: psycopg.Connection, release_id: str) -> LoadCounts | None:
    """Return the counts of an earlier load of a release, without countries; None if it is not loaded."""
    row = connection.execute(
        "SELECT zones, skipped FROM cosmogony_catalog.releases WHERE id = %s AND state <> 'loading'", (release_id,)
    ).fetchone()
    if row is None:
        return None
    log.info(f"release {release_id} is already loaded: {row[0]} zones")
    return LoadCounts(row[0], row[1] or 0)


def _register_load(connection: psycopg.Connection, release_id: str, schema: str, manifest: Manifest | None) -> None:
    """Add the release to the catalog, in place of the row of a killed load."""
    connection.execute(
        "INSERT INTO cosmogony_catalog.releases (id, schema_name, inputs_digest, state, format) "
        "VALUES (%s, %s, %s, 'loading', %s) ON CONFLICT (id) DO UPDATE SET inputs_digest = excluded.inputs_digest, "
        "format = excluded.format, created = now()",
        (release_id, schema, manifest.inputs_digest if manifest else None, migrations.get_latest_release_format()),
    )


def _prepare_staging(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(staging.SCHEMA)))
    staging.drop_staged_tables(connection)
    if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone():
        raise StepError(f"schema {schema} exists but the catalog does not know it; drop it or rename it")


def _create_tables(connection: psycopg.Connection) -> None:
    connection.execute(statements.read_statement("release/001_release.sql"))
    # coordinates hardly compress, and trying takes longer than the rest of the load
    connection.execute("ALTER TABLE zones ALTER COLUMN geometry SET STORAGE EXTERNAL")
    lookups.create_normal_form_function(connection)


def _create_indexes(connection: psycopg.Connection) -> None:
    lookups.require_unique_osm_ids(connection)
    connection.execute(statements.read_statement("release/indexes.sql"))
    connection.execute("ANALYZE zones, zone_boxes")


def _copy_zones(
    connection: psycopg.Connection,
    second: psycopg.Connection,
    source: ZoneStream,
    loaded: LoadCounts,
    expected: int,
    jobs: int,
) -> None:
    start = time.monotonic()
    progress = TimedProgress("load", expected, SHARE)
    collected = boxes.BoxCollector()
    with (
        _copy_rows(connection, "zones", rows.COLUMNS, rows.TYPES) as copy,
        _copy_rows(second, "zone_pieces", rows.PIECE_COLUMNS, rows.PIECE_TYPES) as copy_pieces,
    ):
        for row in rows.read_rows(source.stream, source.format, source.name, jobs):
            progress.advance()
            if row is None:
                loaded.skipped += 1
                continue
            copy.write_row(row.values)
            for piece in row.list_pieces():
                copy_pieces.write_row(piece)
            collected.add(row.get("id"), row.box)
            loaded.count_row(row)
            if loaded.rows % LOG_EVERY == 0:
                _print_imported(loaded, start)
    collected.store_boxes(connection)
    progress.end()
    _print_imported(loaded, start)
    if loaded.skipped:
        log.info(f"{loaded.skipped} records without geometry skipped")


@contextmanager
def _copy_rows(
    connection: psycopg.Connection, table: str, columns: Sequence[str], types: Sequence[str]
) -> Iterator[psycopg.Copy]:
    """Copy rows into a table that the transaction of the connection has created."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY, FREEZE)")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor, cursor.copy(statement.format(sql.Identifier(table), names)) as copy:
        copy.set_types(types)
        yield copy


def _print_imported(loaded: LoadCounts, start: float) -> None:
    """Print the number of imported zones, in the words of the original importer."""
    print(f"{loaded.rows} zones imported in {format_duration(time.monotonic() - start)}", flush=True)


def _promote_staging(connection: psycopg.Connection, release_id: str, schema: str, loaded: LoadCounts) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for table in staging.TABLES:
        connection.execute(
            sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(
                sql.Identifier(staging.SCHEMA, table), sql.Identifier(schema)
            )
        )
    for function in staging.FUNCTIONS:
        connection.execute(
            sql.SQL("ALTER FUNCTION {} SET SCHEMA {}").format(
                sql.Identifier(staging.SCHEMA, function), sql.Identifier(schema)
            )
        )
    lookups.create_search_functions(connection, schema)
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET state = 'loaded', loaded_at = now(), zones = %s, skipped = %s, "
        "bounds = cosmogony_catalog.release_bounds(schema_name) WHERE id = %s",
        (loaded.rows, loaded.skipped, release_id),
    )
    grants.grant_schema_to_readers(connection, schema)
