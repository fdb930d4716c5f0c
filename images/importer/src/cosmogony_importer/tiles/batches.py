# SPDX-License-Identifier: Apache-2.0
"""Batches of tiles: which tiles there are to make, in groups of neighbours, and making those of one group."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import statements
from .box import EVERYWHERE, Box

BATCH = 64  # tiles that one SQL statement computes and stores
MAX_ZOOM = 14  # highest zoom of which tiles may be stored


def write_touched_tiles(
    connection: psycopg.Connection, area: sql.Composable, max_zoom: int, box: Box = EVERYWHERE, margin: float = 0.0
) -> Iterator[tuple[int, str]]:
    """Write the tiles that an area touches to temporary tables of this transaction, zoom by zoom from 0 on.

    Args:
        connection: has the schemas of the release and of PostGIS in its search path.
        area: table with a column `geometry`.
        max_zoom: the last zoom.
        box: leaves out tiles outside of it.
        margin: around each tile, as a fraction of its width.

    Yields:
        The zoom, and the name of the table with the columns and rows (x, y) of its tiles.
    """
    connection.execute("CREATE TEMPORARY TABLE touched_0 ON COMMIT DROP AS SELECT 0 AS x, 0 AS y")
    for zoom in range(max_zoom + 1):
        heartbeat.beat("planning tiles, zoom", zoom, max_zoom)
        if zoom:
            connection.execute(
                statements.read_statement(
                    "release/tile_children.sql",
                    zoom=zoom,
                    source=f"touched_{zoom - 1}",
                    target=f"touched_{zoom}",
                    area=area,
                    margin=margin,
                    inside=box.to_tile_condition(zoom),
                )
            )
        yield zoom, f"touched_{zoom}"


def add_touched_tiles_to_batches(connection: psycopg.Connection, table: str, zoom: int, touched: str) -> None:
    """Add the touched tiles of a zoom that are not stored yet to a table of batches (z, batch, xs, ys)."""
    connection.execute(
        statements.read_statement("release/add_batches.sql", batches=table, zoom=zoom, touched=touched, size=BATCH)
    )


def store_tile_batch(connection: psycopg.Connection, schema: str, zoom: int, xs: list[int], ys: list[int]) -> None:
    """Compute the tiles of a batch, and store those that are not empty."""
    connection.execute(
        sql.SQL(
            "INSERT INTO {} (z, x, y, mvt) SELECT %(z)s, x, y, mvt FROM (SELECT t.x, t.y, "
            "cosmogony_catalog.compute_tile(%(schema)s, %(z)s, t.x, t.y) AS mvt FROM "
            "unnest(%(xs)s::integer[], %(ys)s::integer[]) AS t (x, y)) AS made WHERE mvt IS NOT NULL "
            "ON CONFLICT DO NOTHING"
        ).format(sql.Identifier(schema, "tiles")),
        {"schema": schema, "z": zoom, "xs": xs, "ys": ys},
    )
