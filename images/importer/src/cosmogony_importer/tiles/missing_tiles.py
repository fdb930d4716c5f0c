# SPDX-License-Identifier: Apache-2.0
"""Find tiles that t-rex left out: if a query fails, t-rex only logs that, and ends with exit code 0."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import statements
from ..releases.catalog import Release
from .box import Box

MAX_CHECKED = 20_000  # tiles of a zoom that are checked, evenly spread
EDGE = 1e-3  # of the width of a tile: one that the box overlaps by less may be missing because of rounding


def find_missing_tiles(
    connection: psycopg.Connection, release: Release, config: Path, extent: Box, max_zoom: int, made: Path
) -> dict[int, list[str]]:
    """Return the tiles that are missing though they contain zones: names z/x/y by zoom.

    Args:
        connection: queries the zones.
        release: the release of the tiles.
        config: configuration of t-rex, with the query for each zoom.
        extent: the area that t-rex generated.
        max_zoom: the highest zoom that t-rex generated.
        made: folder with the tiles, {z}/{x}/{y}.pbf.
    """
    queries = _read_queries(config)
    missing = {}
    with connection.transaction():
        statements.set_search_path(connection, release.schema_name)
        for zoom in range(max_zoom + 1):
            heartbeat.beat("looking for missing tiles, zoom", zoom, max_zoom)
            absent = [(x, y) for x, y in _list_tiles(extent, zoom) if not (made / f"{zoom}/{x}/{y}.pbf").exists()]
            query = next(query for zooms, query in queries.items() if zooms[0] <= zoom <= zooms[1])
            names = [f"{zoom}/{x}/{y}" for x, y in _keep_touched(connection, query, zoom, absent)]
            if names:
                missing[zoom] = names
    return missing


def _read_queries(config: Path) -> dict[tuple[int, int], str]:
    """Return the SQL queries of t-rex by their lowest and highest zoom; !bbox! stands for the box of a tile."""
    (tileset,) = tomllib.loads(config.read_text())["tileset"]
    (layer,) = tileset["layer"]
    return {(query["minzoom"], query["maxzoom"]): query["sql"] for query in layer["query"]}


def _list_tiles(extent: Box, zoom: int) -> Iterator[tuple[int, int]]:
    """Yield the tiles of a zoom in a box, or an evenly spread part of them if there are very many."""
    (west, east), (north, south) = extent.to_x_ranges()[0], extent.to_y_range()
    first_x, end_x = _to_range(west, east, zoom)
    first_y, end_y = _to_range(north, south, zoom)
    width = end_x - first_x
    total = width * (end_y - first_y)
    step = max(1, math.ceil(total / MAX_CHECKED))
    for number in range(0, total, step):
        yield first_x + number % width, first_y + number // width


def _to_range(low: float, high: float, zoom: int) -> tuple[int, int]:
    first = math.floor(low * 2**zoom + EDGE)
    return first, max(first + 1, math.ceil(high * 2**zoom - EDGE))


def _keep_touched(
    connection: psycopg.Connection, query: str, zoom: int, tiles: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the tiles for which t-rex's query has rows, without the margin that t-rex adds to a tile."""
    if not tiles:
        return []
    statement = sql.SQL(
        "SELECT tile.x, tile.y FROM unnest({xs}::integer[], {ys}::integer[]) AS tile (x, y), "
        "LATERAL (SELECT ST_TileEnvelope({zoom}, tile.x, tile.y) AS box OFFSET 0) AS area "
        "WHERE EXISTS (SELECT FROM ({query}) AS _q)"
    ).format(
        xs=sql.Literal([x for x, _ in tiles]),
        ys=sql.Literal([y for _, y in tiles]),
        zoom=sql.Literal(zoom),
        query=sql.SQL(query.replace("!bbox!", "area.box")),
    )
    return connection.execute(statement).fetchall()
