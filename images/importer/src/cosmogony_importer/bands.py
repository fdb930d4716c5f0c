# SPDX-License-Identifier: Apache-2.0
"""Geometry for the zooms below full detail: one table a band of zooms, shared borders kept."""

from __future__ import annotations

import psycopg
from psycopg import sql

from . import db
from .progress import say

BANDS = (12, 10, 8, 6, 4, 2)  # highest zoom of each band; each is made from the one before
PIXEL = 156543.03392804097  # metres of a pixel at zoom 0, 256 pixels a tile
SEEN = 2  # a zone is shown from the zoom where its area is that many pixels squared
TOLERANCE = 0.5  # in pixels of the band's highest zoom
CHUNK_VERTICES = 3_000_000

FIRST_ZOOM = """CASE WHEN zone_type = 'country' OR admin_level <= 2 THEN 0
    ELSE least(99, greatest(0, ceil(log(2::numeric, ({size} / greatest(1e-9, sqrt(ST_Area(geometry))))::numeric))))
    END::smallint"""


def make(connection: psycopg.Connection, chunk_vertices: int = CHUNK_VERTICES) -> None:
    """Make all band tables; the caller has set search_path to the schema that holds `zones`."""
    source = "zones"
    for zoom in BANDS:
        table = f"zones_z{zoom}"
        first = sql.SQL(FIRST_ZOOM).format(size=sql.Literal(SEEN * PIXEL)) if source == "zones" else sql.SQL("min_zoom")
        connection.execute(db.statement("release/band_chunks.sql", source=source, vertices=chunk_vertices))
        connection.execute(db.statement(
            "release/band.sql", source=source, table=table, table_index=f"{table}_geometry_idx", zoom=zoom,
            tolerance=TOLERANCE * PIXEL / 2**zoom, min_zoom=first))
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
        (count,) = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        say(f"zoom {zoom} and below: {count} zones")
        source = table
