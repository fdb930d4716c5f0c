# SPDX-License-Identifier: Apache-2.0
"""Simplified geometry for low zooms: one table per band of zooms. Borders that zones share stay the same line."""

from __future__ import annotations

from itertools import pairwise

import psycopg
from cosmogony_steps import log
from cosmogony_steps.postgres import DatabaseAddress
from psycopg import sql

from ..database import parallel, statements
from ..progress import TimedProgress

BANDS = (12, 10, 8, 6, 4, 3, 2, 1, 0)  # highest zoom of each band; each band is simplified from the one before
PIXEL = 156543.03392804097  # metres per pixel at zoom 0, with 256 pixels per tile
MIN_SIZE = 2  # pixels; a zone is shown from the zoom where its area is that of a square with this side
TOLERANCE = 0.5  # of simplification, in pixels at the band's highest zoom; holes and islands below its square go
PROGRESS = (36, 65, 75, 80, 83, 85, 86, 88, 89, 90)  # per cent of a load that are done before and after each band
MAX_VERTICES = 1_000_000  # simplified in one statement, with about 300 MB of memory in the database server

FIRST_ZOOM = """(CASE WHEN zone_type = 'country' OR admin_level <= 2 THEN 0
    ELSE least(99, greatest(0, ceil(log(2::numeric, ({size} / greatest(1e-9, sqrt(ST_Area(geometry))))::numeric))))
    END::smallint)"""


def create_band_tables(
    settings: DatabaseAddress, connection: psycopg.Connection, schema: str, jobs: int = 0, vertices: int = MAX_VERTICES
) -> None:
    """Create the tables of simplified zones, one per band of zooms, from the table zones.

    Args:
        settings: the database, for parallel connections.
        connection: creates the tables and their indexes.
        schema: contains zones and zone_boxes.
        jobs: number of connections; 0 is one per processor.
        vertices: how many are simplified in one statement.
    """
    source = "zones"
    for zoom, part in zip(BANDS, pairwise(PROGRESS), strict=True):
        table = f"zones_z{zoom}"
        first: sql.Composable = sql.SQL("min_zoom")
        if source == "zones":
            first = sql.SQL(FIRST_ZOOM).format(size=sql.Literal(MIN_SIZE * PIXEL))
        with connection.transaction():
            statements.set_search_path(connection, schema)
            connection.execute(
                statements.read_statement(
                    "release/band_chunks.sql", source=source, vertices=vertices, min_zoom=first, zoom=zoom
                )
            )
            connection.execute(statements.read_statement("release/band.sql", table=table))
            chunks = connection.execute(
                "SELECT chunk, sum(vertices), count(DISTINCT id) FROM band_chunks GROUP BY chunk ORDER BY 2 DESC"
            ).fetchall()
        progress = TimedProgress(f"zoom {zoom} and below, vertices", int(sum(chunk[1] for chunk in chunks)), part)

        def fill_band(
            own: psycopg.Connection,
            chunk: tuple[int, int, int],
            source: str = source,
            table: str = table,
            first: sql.Composable = first,
            zoom: int = zoom,
            progress: TimedProgress = progress,
        ) -> None:
            with own.transaction():
                statements.set_search_path(own, schema)
                tolerance = TOLERANCE * PIXEL / 2**zoom
                own.execute(
                    statements.read_statement(
                        "release/band_fill.sql",
                        source=source,
                        table=table,
                        min_zoom=first,
                        tolerance=tolerance,
                        speck=tolerance**2,
                        chunk=chunk[0],
                    )
                )
            progress.advance(int(chunk[1]))

        parallel.process_items(settings, chunks, fill_band, jobs)
        progress.end()
        with connection.transaction():
            statements.set_search_path(connection, schema)
            connection.execute(
                sql.SQL("CREATE INDEX {} ON {} USING gist (geometry)").format(
                    sql.Identifier(f"{table}_geometry_idx"), sql.Identifier(table)
                )
            )
            connection.execute(sql.SQL("DROP TABLE band_chunks; ANALYZE {}").format(sql.Identifier(table)))
        log.info(f"zoom {zoom} and below: {sum(chunk[2] for chunk in chunks)} zones")
        source = table
