# SPDX-License-Identifier: Apache-2.0
"""Stores the tiles of the low zooms in the release: only tiles that zones touch, in parallel, resumable."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import psycopg
from cosmogony_steps import heartbeat
from psycopg import sql

from ..database import parallel, sessions, statements
from ..errors import ImporterError
from ..progress import Progress, say
from ..releases import catalog
from ..releases.catalog import Release
from ..settings import Database
from . import forecast

BATCH = 64
MAX_ZOOM = 14


@dataclass
class Stored:
    tiles: int
    size: int


def store(settings: Database, connection: psycopg.Connection, release: Release, max_zoom: int, jobs: int = 0) -> Stored:
    """Store all tiles of zooms 0 to max_zoom that are not there yet."""
    if not 0 <= max_zoom <= MAX_ZOOM:
        raise ImporterError(f"--max-zoom is {max_zoom}, wanted 0 to {MAX_ZOOM}; higher ones are computed on demand")
    if release.stored_zoom is not None and release.stored_zoom >= max_zoom:
        say(f"tiles of release {release.id} are stored up to zoom {release.stored_zoom}; nothing to do")
        return count(connection, release)
    _plan(connection, release, max_zoom)
    try:
        _make(settings, connection, release, max_zoom, jobs)
    except psycopg.errors.UndefinedTable:
        # Another run shared the work, ended first and took the list away.
        stored_zoom = catalog.find(connection, release.id).stored_zoom
        if stored_zoom is None or stored_zoom < max_zoom:
            raise
        say(f"another run has stored the last tiles of release {release.id}")
    return count(connection, release)


def _make(settings: Database, connection: psycopg.Connection, release: Release, max_zoom: int, jobs: int) -> None:
    batches = sql.Identifier(release.schema_name, "tile_batches")
    total, done = connection.execute(
        sql.SQL(
            "SELECT coalesce(sum(cardinality(xs)), 0), coalesce(sum(cardinality(xs)) FILTER (WHERE done), 0) FROM {}"
        ).format(batches)
    ).fetchone()
    progress = Progress("tiles", total)
    progress.done = done
    say(f"{total} tiles to make up to zoom {max_zoom}" + (f", {done} of them done before" if done else ""))
    jobs = jobs or os.cpu_count() or 2
    forecast.estimate(
        connection, release.schema_name, sql.SQL("SELECT z, xs, ys FROM {} WHERE NOT done").format(batches), jobs
    )
    _run(settings, release, progress, jobs)
    _verify(connection, release)
    with connection.transaction():
        connection.execute(
            "UPDATE cosmogony_catalog.releases SET stored_zoom = %s WHERE id = %s AND coalesce(stored_zoom, -1) < %s",
            (max_zoom, release.id, max_zoom),
        )
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(batches))
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(release.schema_name, "tiles")))
    progress.end()


def count(connection: psycopg.Connection, release: Release) -> Stored:
    row = connection.execute(
        sql.SQL("SELECT count(*), coalesce(sum(length(mvt)), 0) FROM {}").format(
            sql.Identifier(release.schema_name, "tiles")
        )
    ).fetchone()
    return Stored(*row)


def by_zoom(connection: psycopg.Connection, release: Release) -> dict[int, Stored]:
    rows = connection.execute(
        sql.SQL("SELECT z, count(*), sum(length(mvt)) FROM {} GROUP BY z ORDER BY z").format(
            sql.Identifier(release.schema_name, "tiles")
        )
    ).fetchall()
    return {z: Stored(tiles, size) for z, tiles, size in rows}


def _plan(connection: psycopg.Connection, release: Release, max_zoom: int) -> None:
    """Write down which tiles are to be made; an interrupted run finds the list of its predecessor."""
    with sessions.lock(connection, sessions.TILES, wait=600), connection.transaction():
        statements.search_path(connection, release.schema_name, statements.postgis_schema(connection))
        connection.execute(statements.statement("release/tile_plan.sql"))
        planned = connection.execute("SELECT max(z) FROM tile_batches").fetchone()[0]
        first = max(-1 if planned is None else planned, -1 if release.stored_zoom is None else release.stored_zoom) + 1
        if first > max_zoom:
            return
        (table,) = connection.execute(
            "SELECT cosmogony_catalog.tile_table(%s, %s)", (release.schema_name, max_zoom)
        ).fetchone()
        connection.execute("CREATE TEMPORARY TABLE touched_0 ON COMMIT DROP AS SELECT 0 AS x, 0 AS y")
        for zoom in range(max_zoom + 1):
            heartbeat.beat("planning tiles, zoom", zoom, max_zoom)
            if zoom:
                connection.execute(
                    statements.statement(
                        "release/tile_children.sql",
                        zoom=zoom,
                        source=f"touched_{zoom - 1}",
                        target=f"touched_{zoom}",
                        zones=sql.SQL(table),
                    )
                )
            if zoom >= first:
                connection.execute(
                    sql.SQL(
                        "INSERT INTO tile_batches (z, batch, xs, ys) SELECT {zoom}, n / {batch}, "
                        "array_agg(x ORDER BY n), array_agg(y ORDER BY n) FROM (SELECT x, y, (row_number() OVER "
                        "(ORDER BY x / 8, y / 8, x, y) - 1)::integer AS n FROM {touched}) AS ordered GROUP BY 2"
                    ).format(
                        zoom=sql.Literal(zoom), batch=sql.Literal(BATCH), touched=sql.Identifier(f"touched_{zoom}")
                    )
                )


def _run(settings: Database, release: Release, progress: Progress, jobs: int) -> None:
    def loop(connection: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            made = _batch(connection, release)
            if not made:
                return
            progress.advance(made)

    parallel.run(settings, loop, jobs)


def _next(connection: psycopg.Connection, batches: sql.Identifier, locked: str = "") -> tuple[int, int, int] | None:
    query = "SELECT z, batch, cardinality(xs) FROM {} WHERE NOT done ORDER BY z, batch LIMIT 1 FOR UPDATE {}"
    return connection.execute(sql.SQL(query).format(batches, sql.SQL(locked))).fetchone()


def _batch(connection: psycopg.Connection, release: Release) -> int:
    """Make the next batch, one that nobody else is at if there is one; 0 when all are done."""
    batches = sql.Identifier(release.schema_name, "tile_batches")
    with connection.transaction():
        # The last batches may be in other hands: they are waited for, since they come back if their maker is killed.
        row = _next(connection, batches, "SKIP LOCKED") or _next(connection, batches)
        if row is None:
            return 0
        connection.execute(
            sql.SQL(
                "INSERT INTO {tiles} (z, x, y, mvt) SELECT z, x, y, mvt FROM (SELECT b.z, t.x, t.y, "
                "cosmogony_catalog.compute_tile(%s, b.z, t.x, t.y) AS mvt FROM {batches} b, "
                "unnest(b.xs, b.ys) AS t (x, y) WHERE b.z = %s AND b.batch = %s) AS made WHERE mvt IS NOT NULL "
                "ON CONFLICT DO NOTHING"
            ).format(tiles=sql.Identifier(release.schema_name, "tiles"), batches=batches),
            (release.schema_name, row[0], row[1]),
        )
        connection.execute(sql.SQL("UPDATE {} SET done = true WHERE z = %s AND batch = %s").format(batches), row[:2])
        return row[2]


def _verify(connection: psycopg.Connection, release: Release, sample: int = 20) -> None:
    """Compute a few stored tiles again: each must be the one at its address."""
    batches = sql.Identifier(release.schema_name, "tile_batches")
    # waits for the batches that other runs are at
    left = len(connection.execute(sql.SQL("SELECT z FROM {} WHERE NOT done FOR SHARE").format(batches)).fetchall())
    if left:
        raise ImporterError(f"{left} batches of tiles of release {release.id} are not done; run the command again")
    wrong = connection.execute(
        sql.SQL(
            "SELECT z, x, y FROM (SELECT * FROM {} ORDER BY md5(z || '/' || x || '/' || y) LIMIT {}) AS sample "
            "WHERE mvt IS DISTINCT FROM cosmogony_catalog.compute_tile(%s, z, x, y)"
        ).format(sql.Identifier(release.schema_name, "tiles"), sql.Literal(sample)),
        (release.schema_name,),
    ).fetchall()
    if wrong:
        names = ", ".join("/".join(map(str, address)) for address in wrong)
        raise ImporterError(f"stored tiles of release {release.id} differ from computed ones: {names}; load it again")
