# SPDX-License-Identifier: Apache-2.0
"""Store tiles of an area above the zooms whose tiles are all stored; other tiles are still computed on demand."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.postgres import DatabaseAddress
from psycopg import sql

from ..database import parallel, statements
from ..database.queries import fetch_row, fetch_value
from ..progress import TimedProgress
from ..releases.catalog import Release
from . import batches, forecast
from .box import EVERYWHERE, Box
from .forecast import TileEstimate

BATCHES = sql.SQL("SELECT z, xs, ys FROM planned_batches")


@dataclass(frozen=True)
class TileSelection:
    """Which tiles to store: a range of zooms, optionally only those in a box or of a country."""

    min_zoom: int
    max_zoom: int
    box: Box | None = None
    country: str | None = None

    def completes_low_zooms(self, stored_zoom: int | None) -> bool:
        """Return whether all tiles up to `max_zoom` are stored afterwards, if those up to `stored_zoom` are now."""
        return not self.box and not self.country and self.min_zoom <= (-1 if stored_zoom is None else stored_zoom) + 1

    def __str__(self) -> str:
        where = [*([self.country] if self.country else []), *(["the box"] if self.box else [])]
        return f"zooms {self.min_zoom} to {self.max_zoom} of {' in '.join(where) or 'all zones'}"


def estimate_selected_tiles(
    connection: psycopg.Connection, release: Release, selection: TileSelection, jobs: int = 0
) -> TileEstimate:
    """Estimate number, bytes and time of the selected tiles that are not stored yet, without storing any."""
    if not _plan_tiles(connection, release, selection):
        return TileEstimate()
    return forecast.estimate_tiles(connection, release.schema_name, BATCHES, jobs or os.cpu_count() or 2)


def store_selected_tiles(
    settings: DatabaseAddress, connection: psycopg.Connection, release: Release, selection: TileSelection, jobs: int = 0
) -> TileEstimate:
    """Store the selected tiles that are not stored yet.

    A killed run leaves complete tiles, and the next one makes the others.

    Args:
        settings: the database, for parallel connections.
        connection: plans the work.
        release: whose tiles they are.
        selection: which tiles.
        jobs: number of connections; 0 is one per processor.

    Returns:
        The estimate that was made before.

    Raises:
        UsageError: tiles of these zooms cannot be stored.
        StepError: the selection contains no zone.
    """
    if not _plan_tiles(connection, release, selection):
        return TileEstimate()
    jobs = jobs or os.cpu_count() or 2
    expected = forecast.estimate_tiles(connection, release.schema_name, BATCHES, jobs)
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET warmed_zoom = greatest(warmed_zoom, %s) WHERE id = %s",
        (selection.max_zoom, release.id),
    )
    _store_planned(settings, connection, release, TimedProgress("tiles", expected.tiles), jobs)
    connection.execute(sql.SQL("ANALYZE {}").format(release.qualify_table("tiles")))
    return expected


def _plan_tiles(connection: psycopg.Connection, release: Release, selection: TileSelection) -> bool:
    """List the tiles to make in a temporary table; return whether the selection goes beyond the stored zooms."""
    if not 0 <= selection.min_zoom <= selection.max_zoom <= batches.MAX_ZOOM:
        raise UsageError(
            f"zooms {selection.min_zoom} to {selection.max_zoom} cannot be stored; use 0 to {batches.MAX_ZOOM}, "
            "--min-zoom not above --max-zoom; higher ones are computed on demand"
        )
    complete = -1 if release.stored_zoom is None else release.stored_zoom
    first = max(selection.min_zoom, complete + 1)
    if first > selection.max_zoom:
        log.info(f"tiles of release {release.id} are stored up to zoom {complete}; nothing to do")
        return False
    box = selection.box or EVERYWHERE
    with connection.transaction():
        statements.set_search_path(connection, release.schema_name)
        connection.execute(
            "DROP TABLE IF EXISTS pg_temp.planned_batches; CREATE TEMPORARY TABLE planned_batches ("
            "number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, z integer NOT NULL, batch integer NOT NULL, "
            "xs integer[] NOT NULL, ys integer[] NOT NULL)"
        )
        query = "SELECT cosmogony_catalog.tile_table(%s, %s)"
        shown = fetch_value(connection.execute(query, (release.schema_name, selection.max_zoom)))
        connection.execute(
            statements.read_statement(
                "release/planned_area.sql",
                shown=sql.SQL(shown),
                boxes=box.to_envelope_array(),
                country=sql.Literal(selection.country),
            )
        )
        if not fetch_value(connection.execute("SELECT EXISTS (SELECT FROM planned_area)")):
            raise StepError(
                f"release {release.id} has no zone in {selection}; {_name_countries(connection, selection)}"
            )
        area = sql.Identifier("planned_area")
        for zoom, touched in batches.write_touched_tiles(connection, area, selection.max_zoom, box):
            if zoom >= first:
                batches.add_touched_tiles_to_batches(connection, "planned_batches", zoom, touched)
        connection.execute("ANALYZE planned_batches")
        total = fetch_value(connection.execute("SELECT coalesce(sum(cardinality(xs)), 0) FROM planned_batches"))
    log.info(f"{total} tiles to make for release {release.id}, {selection}")
    return True


def _name_countries(connection: psycopg.Connection, selection: TileSelection) -> str:
    if not selection.country:
        return "take another box"
    query = "SELECT string_agg(DISTINCT country_code, ', ' ORDER BY country_code) FROM zones"
    return f"its countries are {fetch_value(connection.execute(query)) or 'not known'}"


def _store_planned(
    settings: DatabaseAddress, connection: psycopg.Connection, release: Release, progress: TimedProgress, jobs: int
) -> None:
    count = fetch_value(connection.execute("SELECT count(*) FROM planned_batches"))
    query = "SELECT z, xs, ys FROM planned_batches WHERE number = %s"
    planned = (fetch_row(connection.execute(query, (number,))) for number in range(1, count + 1))

    def store_tile_batch(own: psycopg.Connection, batch: tuple[int, list[int], list[int]]) -> None:
        batches.store_tile_batch(own, release.schema_name, *batch)
        progress.advance(len(batch[1]))

    parallel.process_items(settings, planned, store_tile_batch, jobs)
    progress.end()
