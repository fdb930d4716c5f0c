# SPDX-License-Identifier: Apache-2.0
"""Stores tiles of an area above the zooms of which all tiles are stored; the others there stay computed on demand."""

from __future__ import annotations

import math
import os
import threading
from dataclasses import dataclass

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.postgres import Database
from psycopg import sql

from ..database import parallel, statements
from ..database.queries import fetch_value
from ..progress import Progress
from ..releases.catalog import Release
from . import forecast, pyramid
from .forecast import Estimate

WORLD = 40075016.685578488  # metres around the equator: the side of the one tile of zoom 0
NORTHMOST = 85.05112877980659  # degrees: the upper side of that tile
BATCHES = sql.SQL("SELECT z, xs, ys FROM warm_batches")


@dataclass(frozen=True)
class Box:
    """A box in degrees; west is greater than east where it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read west,south,east,north in degrees; what lies outside of the map is cut off.

        Raises:
            ValueError: it is no box.
        """
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ValueError(f"{text!r} is no box; wanted west,south,east,north such as 5.9,45.8,10.5,47.8") from None
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
            raise ValueError(f"{text!r} is no box; wanted degrees, west,south,east,north, with south below north")
        return cls(west, max(south, -NORTHMOST), east, min(north, NORTHMOST))

    def to_columns(self) -> list[tuple[float, float]]:
        """Return where it begins and ends from west to east, in shares of the map's width; two across its edge."""
        west, east = (longitude / 360 + 0.5 for longitude in (self.west, self.east))
        return [(west, east)] if west < east else [(west, 1.0), (0.0, east)]

    def to_rows(self) -> tuple[float, float]:
        """Return where it begins and ends from north to south, in shares of the map's height."""
        north, south = (0.5 - math.asinh(math.tan(math.radians(at))) / (2 * math.pi) for at in (self.north, self.south))
        return max(0.0, north), min(1.0, south)


EVERYWHERE = Box(-180, -NORTHMOST, 180, NORTHMOST)


@dataclass(frozen=True)
class TileSelection:
    """The tiles of some zooms, in a box, of a country, or both."""

    min_zoom: int
    max_zoom: int
    box: Box | None = None
    country: str | None = None

    def completes_low_zooms(self, stored_zoom: int | None) -> bool:
        """Tell whether all tiles of zooms 0 to max_zoom are stored with them, if those up to `stored_zoom` are."""
        return not self.box and not self.country and self.min_zoom <= (-1 if stored_zoom is None else stored_zoom) + 1

    def __str__(self) -> str:
        where = [*([self.country] if self.country else []), *(["the box"] if self.box else [])]
        return f"zooms {self.min_zoom} to {self.max_zoom} of {' in '.join(where) or 'all zones'}"


def estimate_selection(
    connection: psycopg.Connection, release: Release, selection: TileSelection, jobs: int = 0
) -> Estimate:
    """Estimate what storing these tiles takes, without storing any; see `store_selection`."""
    if not _plan_tiles(connection, release, selection):
        return Estimate()
    return forecast.estimate_tiles(connection, release.schema_name, BATCHES, jobs or os.cpu_count() or 2)


def store_selection(
    settings: Database, connection: psycopg.Connection, release: Release, selection: TileSelection, jobs: int = 0
) -> Estimate:
    """Store the tiles that are not there yet.

    A killed run leaves complete tiles, and the next one makes the others.

    Args:
        settings: the database, for the connections that work side by side.
        connection: plans the work.
        release: whose tiles they are.
        selection: which tiles.
        jobs: number of connections; 0 is one per processor.

    Returns:
        What was expected before.

    Raises:
        UsageError: such tiles cannot be stored.
        StepError: there is no zone.
    """
    if not _plan_tiles(connection, release, selection):
        return Estimate()
    jobs = jobs or os.cpu_count() or 2
    expected = forecast.estimate_tiles(connection, release.schema_name, BATCHES, jobs)
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET warmed_zoom = greatest(warmed_zoom, %s) WHERE id = %s",
        (selection.max_zoom, release.id),
    )
    _store_planned(settings, connection, release, Progress("tiles", expected.tiles), jobs)
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(release.schema_name, "tiles")))
    return expected


def _plan_tiles(connection: psycopg.Connection, release: Release, selection: TileSelection) -> bool:
    """List the tiles to make in a table of this session; return whether there are any."""
    if not 0 <= selection.min_zoom <= selection.max_zoom <= pyramid.MAX_ZOOM:
        raise UsageError(
            f"zooms {selection.min_zoom} to {selection.max_zoom} cannot be stored; wanted 0 to {pyramid.MAX_ZOOM}, "
            "--min-zoom not above --max-zoom; higher ones are computed on demand"
        )
    complete = -1 if release.stored_zoom is None else release.stored_zoom
    first = max(selection.min_zoom, complete + 1)
    if first > selection.max_zoom:
        log.info(f"tiles of release {release.id} are stored up to zoom {complete}; nothing to do")
        return False
    box = selection.box or EVERYWHERE
    with connection.transaction():
        statements.set_search_path(connection, release.schema_name, statements.find_postgis_schema(connection))
        connection.execute(
            "DROP TABLE IF EXISTS pg_temp.warm_batches; CREATE TEMPORARY TABLE warm_batches (number integer GENERATED "
            "ALWAYS AS IDENTITY PRIMARY KEY, z integer NOT NULL, xs integer[] NOT NULL, ys integer[] NOT NULL)"
        )
        shown = fetch_value(
            connection.execute("SELECT cosmogony_catalog.tile_table(%s, %s)", (release.schema_name, selection.max_zoom))
        )
        connection.execute(
            statements.read_statement(
                "release/warm_area.sql",
                shown=sql.SQL(shown),
                boxes=_envelopes(box),
                country=sql.Literal(selection.country),
            )
        )
        if not fetch_value(connection.execute("SELECT EXISTS (SELECT FROM warm_area)")):
            raise StepError(
                f"release {release.id} has no zone in {selection}; {_name_countries(connection, selection)}"
            )
        connection.execute("CREATE TEMPORARY TABLE wanted_0 ON COMMIT DROP AS SELECT 0 AS x, 0 AS y")
        for zoom in range(selection.max_zoom + 1):
            heartbeat.beat("planning tiles, zoom", zoom, selection.max_zoom)
            if zoom:
                connection.execute(
                    statements.read_statement(
                        "release/warm_children.sql",
                        zoom=zoom,
                        source=f"wanted_{zoom - 1}",
                        target=f"wanted_{zoom}",
                        inside=_inside(box, zoom),
                    )
                )
            if zoom >= first:
                connection.execute(
                    statements.read_statement(
                        "release/warm_batches.sql", zoom=zoom, touched=f"wanted_{zoom}", size=pyramid.BATCH
                    )
                )
        connection.execute("ANALYZE warm_batches")
        total = fetch_value(connection.execute("SELECT coalesce(sum(cardinality(xs)), 0) FROM warm_batches"))
    log.info(f"{total} tiles to make for release {release.id}, {selection}")
    return True


def _name_countries(connection: psycopg.Connection, selection: TileSelection) -> str:
    if not selection.country:
        return "take another box"
    query = "SELECT string_agg(DISTINCT country_code, ', ' ORDER BY country_code) FROM zones"
    return f"its countries are {fetch_value(connection.execute(query)) or 'not known'}"


def _envelopes(box: Box) -> sql.Composed:
    north, south = box.to_rows()
    return sql.SQL("ARRAY[{}]").format(
        sql.SQL(", ").join(
            sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, 3857)").format(
                *(sql.Literal((share - 0.5) * WORLD) for share in (west, 1 - south, east, 1 - north))
            )
            for west, east in box.to_columns()
        )
    )


def _inside(box: Box, zoom: int) -> sql.Composed:
    """Return the condition that a tile lies in the box; one that only touches it is outside."""

    def between(axis: str, low: float, high: float) -> sql.Composed:
        first = math.floor(low * 2**zoom)
        last = max(first, math.ceil(high * 2**zoom) - 1)
        return sql.SQL("child.{} BETWEEN {} AND {}").format(sql.Identifier(axis), sql.Literal(first), sql.Literal(last))

    columns = sql.SQL(" OR ").join(between("x", *span) for span in box.to_columns())
    return sql.SQL("({}) AND {}").format(columns, between("y", *box.to_rows()))


def _store_planned(
    settings: Database, connection: psycopg.Connection, release: Release, progress: Progress, jobs: int
) -> None:
    batches = fetch_value(connection.execute("SELECT count(*) FROM warm_batches"))
    numbers = iter(range(1, batches + 1))
    insert = sql.SQL(
        "INSERT INTO {} (z, x, y, mvt) SELECT %(z)s, x, y, mvt FROM (SELECT t.x, t.y, cosmogony_catalog.compute_tile("
        "%(schema)s, %(z)s, t.x, t.y) AS mvt FROM unnest(%(xs)s::integer[], %(ys)s::integer[]) AS t (x, y)) AS made "
        "WHERE mvt IS NOT NULL ON CONFLICT DO NOTHING"
    ).format(sql.Identifier(release.schema_name, "tiles"))
    turn = threading.Lock()

    def take_batch() -> tuple[int, list[int], list[int]] | None:
        with turn:
            if (number := next(numbers, None)) is None:
                return None
            query = "SELECT z, xs, ys FROM warm_batches WHERE number = %s"
            return connection.execute(query, (number,)).fetchone()

    def make_batches(own: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set() and (batch := take_batch()):
            z, xs, ys = batch
            own.execute(insert, {"z": z, "xs": xs, "ys": ys, "schema": release.schema_name})
            progress.advance(len(xs))

    parallel.run_workers(settings, make_batches, min(jobs, batches))
    progress.end()
