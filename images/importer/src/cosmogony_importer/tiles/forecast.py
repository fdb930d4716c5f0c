# SPDX-License-Identifier: Apache-2.0
"""Estimate time and size of tiles from a sample of each zoom."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from cosmogony_steps import heartbeat, log
from psycopg import sql

from ..progress import format_duration

SAMPLE = 5  # tiles of each zoom that are computed for the estimate


@dataclass
class TileEstimate:
    """Estimate for tiles that are to be stored: number, bytes, and seconds that it takes."""

    tiles: int = 0
    size: float = 0.0  # bytes
    seconds: float = 0.0
    by_zoom: dict[int, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return the estimate as a JSON object, for an output parameter of the step."""
        return {
            "tiles": self.tiles,
            "bytes": round(self.size),
            "seconds": round(self.seconds, 3),
            "tiles_by_zoom": {str(zoom): count for zoom, count in self.by_zoom.items()},
        }


def estimate_tiles(connection: psycopg.Connection, schema: str, batches: sql.Composable, jobs: int) -> TileEstimate:
    """Estimate bytes and time of tiles: compute a sample of each zoom and extrapolate.

    Args:
        connection: computes the sample.
        schema: of the release.
        batches: query for the tiles to make, with the columns z, xs, ys: a zoom, and arrays of columns and rows.
        jobs: number of connections that will make them.
    """
    estimate = TileEstimate()
    counts = connection.execute(
        sql.SQL("SELECT z, sum(cardinality(xs))::integer FROM ({}) AS batches GROUP BY z ORDER BY z").format(batches)
    ).fetchall()
    timed = sql.SQL(
        "SELECT extract(epoch FROM clock_timestamp() - begun.start)::float8, made.size "
        "FROM (SELECT z, xs[1] AS x, ys[1] AS y FROM ({}) AS batches WHERE z = %s ORDER BY md5(xs::text) LIMIT %s) "
        "AS sample, LATERAL (SELECT clock_timestamp() AS start, z AS z1, x AS x1, y AS y1 OFFSET 0) AS begun, "
        "LATERAL (SELECT coalesce(length(cosmogony_catalog.compute_tile(%s, z1, x1, y1)), 0) AS size OFFSET 0) AS made"
    ).format(batches)
    for zoom, count in counts:
        heartbeat.beat("timing tiles, zoom", zoom)
        # one tile more, because the first one of a session is slow
        sample = connection.execute(timed, (zoom, SAMPLE + 1, schema)).fetchall()
        sample = sample[1:] or sample
        if not sample:  # another run has stored the tiles of this zoom in the meantime
            continue
        size = count * sum(row[1] for row in sample) / len(sample)
        estimate.tiles += count
        estimate.size += size
        estimate.seconds += count * sum(row[0] for row in sample) / len(sample) / jobs
        estimate.by_zoom[zoom] = count
        log.info(f"zoom {zoom}: {count} tiles, about {size / 1e6:.1f} MB")
    log.info(f"about {estimate.size / 1e6:.1f} MB in {format_duration(estimate.seconds)}")
    return estimate
