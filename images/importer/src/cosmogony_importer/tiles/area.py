# SPDX-License-Identifier: Apache-2.0
"""Stores tiles of an area above the zooms that are stored whole; what is not stored there goes on being computed."""

from __future__ import annotations

import math
import os
import threading
from dataclasses import dataclass

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import parallel, statements
from ..errors import ImporterError
from ..progress import Progress, say
from ..releases.catalog import Release
from ..settings import Database
from . import forecast, pyramid
from .forecast import Estimate

WORLD = 40075016.685578488  # metres around the equator, the side of the square of zoom 0
NORTHMOST = 85.05112877980659
BATCHES = sql.SQL("SELECT z, xs, ys FROM warm_batches")


@dataclass(frozen=True)
class Box:
    """Degrees; west is greater than east where the box crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def of_text(cls, text: str) -> Box:
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ValueError(f"{text!r} is no box; wanted west,south,east,north such as 5.9,45.8,10.5,47.8") from None
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
            raise ValueError(f"{text!r} is no box; wanted degrees, west,south,east,north, with south below north")
        return cls(west, max(south, -NORTHMOST), east, min(north, NORTHMOST))

    def spans(self) -> list[tuple[float, float]]:
        """From west to east, as shares of the map's width."""
        west, east = (longitude / 360 + 0.5 for longitude in (self.west, self.east))
        return [(west, east)] if west < east else [(west, 1.0), (0.0, east)]

    def rows(self) -> tuple[float, float]:
        """From north to south, as shares of the map's height."""
        north, south = (0.5 - math.asinh(math.tan(math.radians(at))) / (2 * math.pi) for at in (self.north, self.south))
        return max(0.0, north), min(1.0, south)


WHOLE = Box(-180, -NORTHMOST, 180, NORTHMOST)


@dataclass(frozen=True)
class Wanted:
    """Which tiles: of these zooms, in a box, of a country, or both."""

    min_zoom: int
    max_zoom: int
    box: Box | None = None
    country: str | None = None

    def whole(self, stored_zoom: int | None) -> bool:
        """Whether zooms 0 to the highest one are complete with them."""
        return not self.box and not self.country and self.min_zoom <= (-1 if stored_zoom is None else stored_zoom) + 1

    def __str__(self) -> str:
        where = [*([self.country] if self.country else []), *(["the box"] if self.box else [])]
        return f"zooms {self.min_zoom} to {self.max_zoom} of {' in '.join(where) or 'all zones'}"


def estimate(connection: psycopg.Connection, release: Release, wanted: Wanted, jobs: int = 0) -> Estimate:
    """Say what storing these tiles would take, and store none."""
    if not _plan(connection, release, wanted):
        return Estimate()
    return forecast.estimate(connection, release.schema_name, BATCHES, jobs or os.cpu_count() or 2)


def store(
    settings: Database, connection: psycopg.Connection, release: Release, wanted: Wanted, jobs: int = 0
) -> Estimate:
    """Store the tiles that are not there yet; returns what was expected.

    A killed run leaves whole tiles, and the next one makes the others.
    """
    if not _plan(connection, release, wanted):
        return Estimate()
    jobs = jobs or os.cpu_count() or 2
    expected = forecast.estimate(connection, release.schema_name, BATCHES, jobs)
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET warmed_zoom = greatest(warmed_zoom, %s) WHERE id = %s",
        (wanted.max_zoom, release.id),
    )
    _run(settings, connection, release, Progress("tiles", expected.tiles), jobs)
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(release.schema_name, "tiles")))
    return expected


def _plan(connection: psycopg.Connection, release: Release, wanted: Wanted) -> bool:
    """List what is to be made in a table of this session; false when there is nothing."""
    if not 0 <= wanted.min_zoom <= wanted.max_zoom <= pyramid.MAX_ZOOM:
        raise ImporterError(
            f"zooms {wanted.min_zoom} to {wanted.max_zoom} cannot be stored; wanted 0 to {pyramid.MAX_ZOOM}, "
            "--min-zoom not above --max-zoom; higher ones are computed on demand"
        )
    whole = -1 if release.stored_zoom is None else release.stored_zoom
    first = max(wanted.min_zoom, whole + 1)
    if first > wanted.max_zoom:
        say(f"tiles of release {release.id} are stored up to zoom {whole}; nothing to do")
        return False
    box = wanted.box or WHOLE
    with connection.transaction():
        statements.search_path(connection, release.schema_name, statements.postgis_schema(connection))
        connection.execute(
            "DROP TABLE IF EXISTS pg_temp.warm_batches; CREATE TEMPORARY TABLE warm_batches (number integer GENERATED "
            "ALWAYS AS IDENTITY PRIMARY KEY, z integer NOT NULL, xs integer[] NOT NULL, ys integer[] NOT NULL)"
        )
        (shown,) = connection.execute(
            "SELECT cosmogony_catalog.tile_table(%s, %s)", (release.schema_name, wanted.max_zoom)
        ).fetchone()
        connection.execute(
            statements.statement(
                "release/warm_area.sql",
                shown=sql.SQL(shown),
                boxes=_envelopes(box),
                country=sql.Literal(wanted.country),
            )
        )
        if not connection.execute("SELECT EXISTS (SELECT FROM warm_area)").fetchone()[0]:
            raise ImporterError(f"release {release.id} has no zone in {wanted}; {_countries(connection, wanted)}")
        connection.execute("CREATE TEMPORARY TABLE wanted_0 ON COMMIT DROP AS SELECT 0 AS x, 0 AS y")
        for zoom in range(wanted.max_zoom + 1):
            heartbeat.beat("planning tiles, zoom", zoom, wanted.max_zoom)
            if zoom:
                connection.execute(
                    statements.statement(
                        "release/warm_children.sql",
                        zoom=zoom,
                        source=f"wanted_{zoom - 1}",
                        target=f"wanted_{zoom}",
                        inside=_inside(box, zoom),
                    )
                )
            if zoom >= first:
                connection.execute(
                    statements.statement(
                        "release/warm_batches.sql", zoom=zoom, touched=f"wanted_{zoom}", size=pyramid.BATCH
                    )
                )
        connection.execute("ANALYZE warm_batches")
        (total,) = connection.execute("SELECT coalesce(sum(cardinality(xs)), 0) FROM warm_batches").fetchone()
    say(f"{total} tiles to make for release {release.id}, {wanted}")
    return True


def _countries(connection: psycopg.Connection, wanted: Wanted) -> str:
    if not wanted.country:
        return "take another box"
    row = connection.execute("SELECT string_agg(DISTINCT country_code, ', ' ORDER BY country_code) FROM zones")
    return f"its countries are {row.fetchone()[0] or 'not known'}"


def _envelopes(box: Box) -> sql.Composed:
    north, south = box.rows()
    return sql.SQL("ARRAY[{}]").format(
        sql.SQL(", ").join(
            sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, 3857)").format(
                *(sql.Literal((share - 0.5) * WORLD) for share in (west, 1 - south, east, 1 - north))
            )
            for west, east in box.spans()
        )
    )


def _inside(box: Box, zoom: int) -> sql.Composed:
    """Columns and rows of the box; a tile that only touches it is outside."""

    def between(axis: str, low: float, high: float) -> sql.Composed:
        first = math.floor(low * 2**zoom)
        last = max(first, math.ceil(high * 2**zoom) - 1)
        return sql.SQL("child.{} BETWEEN {} AND {}").format(sql.Identifier(axis), sql.Literal(first), sql.Literal(last))

    columns = sql.SQL(" OR ").join(between("x", *span) for span in box.spans())
    return sql.SQL("({}) AND {}").format(columns, between("y", *box.rows()))


def _run(settings: Database, connection: psycopg.Connection, release: Release, progress: Progress, jobs: int) -> None:
    (batches,) = connection.execute("SELECT count(*) FROM warm_batches").fetchone()
    numbers = iter(range(1, batches + 1))
    insert = sql.SQL(
        "INSERT INTO {} (z, x, y, mvt) SELECT %(z)s, x, y, mvt FROM (SELECT t.x, t.y, cosmogony_catalog.compute_tile("
        "%(schema)s, %(z)s, t.x, t.y) AS mvt FROM unnest(%(xs)s::integer[], %(ys)s::integer[]) AS t (x, y)) AS made "
        "WHERE mvt IS NOT NULL ON CONFLICT DO NOTHING"
    ).format(sql.Identifier(release.schema_name, "tiles"))
    turn = threading.Lock()

    def batch() -> tuple[int, list[int], list[int]] | None:
        with turn:
            if (number := next(numbers, None)) is None:
                return None
            query = "SELECT z, xs, ys FROM warm_batches WHERE number = %s"
            return connection.execute(query, (number,)).fetchone()

    def loop(own: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set() and (next_one := batch()):
            z, xs, ys = next_one
            own.execute(insert, {"z": z, "xs": xs, "ys": ys, "schema": release.schema_name})
            progress.advance(len(xs))

    parallel.run(settings, loop, min(jobs, batches))
    progress.end()
