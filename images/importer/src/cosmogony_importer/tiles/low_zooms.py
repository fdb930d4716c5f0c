# SPDX-License-Identifier: Apache-2.0
"""Store all tiles of the low zooms: only tiles that zones touch, in parallel, and resumable."""

from __future__ import annotations

import os
import threading

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.postgres import DatabaseAddress
from psycopg import sql

from ..database import parallel, sessions, statements
from ..database.queries import fetch_row, fetch_value
from ..progress import TimedProgress
from ..releases import catalog
from ..releases.catalog import Release
from . import batches, forecast
from .counts import TileCount, TilesByZoom

PLANNING_SECONDS = 600  # longest time that a run waits while another one plans or ends


def store_low_zoom_tiles(
    settings: DatabaseAddress, connection: psycopg.Connection, release: Release, max_zoom: int, jobs: int = 0
) -> TileCount:
    """Store all tiles of zooms 0 to `max_zoom` that are not stored yet.

    Args:
        settings: the database, for parallel connections.
        connection: plans the work.
        release: the release of the tiles.
        max_zoom: the highest zoom.
        jobs: number of connections; 0 is one per processor.

    Returns:
        The stored tiles of the release.

    Raises:
        UsageError: the zoom is too high.
        StepError: a stored tile differs from the computed one.
    """
    if not 0 <= max_zoom <= batches.MAX_ZOOM:
        raise UsageError(f"--max-zoom is {max_zoom}, use 0 to {batches.MAX_ZOOM}; higher ones are computed on demand")
    if release.stored_zoom is not None and release.stored_zoom >= max_zoom:
        log.info(f"tiles of release {release.id} are stored up to zoom {release.stored_zoom}; nothing to do")
        return count_tiles(connection, release).total
    try:
        if _plan_tiles(connection, release, max_zoom):
            _make_planned(settings, connection, release, max_zoom, jobs)
    except psycopg.errors.UndefinedTable:
        # Another run shared the work, ended first and dropped the table.
        if _find_stored_zoom(connection, release) < max_zoom:
            raise
        log.info(f"another run has stored the last tiles of release {release.id}")
    return count_tiles(connection, release).total


def _find_stored_zoom(connection: psycopg.Connection, release: Release) -> int:
    """Return the zoom up to which tiles are stored by now, -1 if none are."""
    stored_zoom = catalog.get_release(connection, release.id).stored_zoom
    return -1 if stored_zoom is None else stored_zoom


def _make_planned(
    settings: DatabaseAddress, connection: psycopg.Connection, release: Release, max_zoom: int, jobs: int
) -> None:
    table = release.qualify_table("tile_batches")
    total, done = fetch_row(
        connection.execute(
            sql.SQL(
                "SELECT coalesce(sum(cardinality(xs)), 0), "
                "coalesce(sum(cardinality(xs)) FILTER (WHERE done), 0) FROM {}"
            ).format(table)
        )
    )
    progress = TimedProgress("tiles", total)
    progress.done = done
    log.info(f"{total} tiles to make up to zoom {max_zoom}" + (f", {done} of them done before" if done else ""))
    jobs = jobs or os.cpu_count() or 2
    forecast.estimate_tiles(
        connection, release.schema_name, sql.SQL("SELECT z, xs, ys FROM {} WHERE NOT done").format(table), jobs
    )
    while True:
        _run_workers(settings, release, progress, jobs)
        # With the lock, because another run may be adding the batches of more zooms.
        with sessions.hold_advisory_lock(connection, sessions.TILES, wait=PLANNING_SECONDS), connection.transaction():
            if not _has_unmade_batch(connection, release):
                _check_sample(connection, release)
                _record_stored_zoom(connection, release, max_zoom)
                connection.execute(sql.SQL("DROP TABLE {}").format(table))
                break
    connection.execute(sql.SQL("ANALYZE {}").format(release.qualify_table("tiles")))
    progress.end()


def _record_stored_zoom(connection: psycopg.Connection, release: Release, max_zoom: int) -> None:
    """Record the highest zoom that is stored: of this run, or of another that planned more of them meanwhile."""
    query = sql.SQL(
        "UPDATE cosmogony_catalog.releases SET stored_zoom = greatest("
        "stored_zoom, %s, (SELECT max(z) FROM {})) WHERE id = %s"
    )
    connection.execute(query.format(release.qualify_table("tile_batches")), (max_zoom, release.id))


def count_tiles(connection: psycopg.Connection, release: Release) -> TilesByZoom:
    """Count the stored tiles of a release."""
    query = sql.SQL("SELECT z, count(*), sum(length(mvt)) FROM {} GROUP BY z ORDER BY z")
    rows = connection.execute(query.format(release.qualify_table("tiles"))).fetchall()
    return TilesByZoom({z: TileCount(tiles, size) for z, tiles, size in rows}, release.stored_zoom)


def _plan_tiles(connection: psycopg.Connection, release: Release, max_zoom: int) -> bool:
    """Write the tiles to make to the table tile_batches, with which the next run continues after an interruption.

    Returns:
        False if another run has stored all of them since the release was read.
    """
    with sessions.hold_advisory_lock(connection, sessions.TILES, wait=PLANNING_SECONDS), connection.transaction():
        stored_zoom = _find_stored_zoom(connection, release)
        if stored_zoom >= max_zoom:
            log.info(f"another run has stored the tiles of release {release.id} up to zoom {stored_zoom}")
            return False
        statements.set_search_path(connection, release.schema_name)
        connection.execute(statements.read_statement("release/tile_plan.sql"))
        planned = fetch_value(connection.execute("SELECT max(z) FROM tile_batches"))
        first = max(-1 if planned is None else planned, stored_zoom) + 1
        if first > max_zoom:
            return True
        query = "SELECT cosmogony_catalog.tile_table(%s, %s)"
        table = fetch_value(connection.execute(query, (release.schema_name, max_zoom)))
        margin = 10 / 256  # compute_tile clips to the tile and 10 pixels around it
        for zoom, touched in batches.write_touched_tiles(connection, sql.SQL(table), max_zoom, margin=margin):
            if zoom >= first:
                batches.add_touched_tiles_to_batches(connection, "tile_batches", zoom, touched)
    return True


def _run_workers(settings: DatabaseAddress, release: Release, progress: TimedProgress, jobs: int) -> None:
    def make_batches(connection: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            made = _make_batch(connection, release)
            if not made:
                return
            progress.advance(made)

    parallel.run_workers(settings, make_batches, jobs)


def _make_batch(connection: psycopg.Connection, release: Release) -> int:
    """Make the next batch of tiles, preferably one that no other run is making; return its size, 0 at the end."""
    table = release.qualify_table("tile_batches")
    query = sql.SQL("SELECT z, batch, xs, ys FROM {} WHERE NOT done ORDER BY z, batch LIMIT 1 FOR UPDATE").format(table)
    with connection.transaction():
        # The second query waits for batches of other runs, because a killed run releases its batch.
        row = connection.execute(query + sql.SQL(" SKIP LOCKED")).fetchone() or connection.execute(query).fetchone()
        if row is None:
            return 0
        zoom, batch, xs, ys = row
        batches.store_tile_batch(connection, release.schema_name, zoom, xs, ys)
        done = sql.SQL("UPDATE {} SET done = true WHERE z = %s AND batch = %s").format(table)
        connection.execute(done, (zoom, batch))
        return len(xs)


def _has_unmade_batch(connection: psycopg.Connection, release: Release) -> bool:
    """Return whether a batch is left to make, once those that other runs are making are done or given up."""
    query = sql.SQL("SELECT z FROM {} WHERE NOT done FOR SHARE").format(release.qualify_table("tile_batches"))
    return connection.execute(query).fetchone() is not None


def _check_sample(connection: psycopg.Connection, release: Release, sample: int = 20) -> None:
    """Check that a sample of stored tiles equals the computed ones."""
    wrong = connection.execute(
        sql.SQL(
            "SELECT z, x, y FROM (SELECT * FROM {} ORDER BY md5(z || '/' || x || '/' || y) LIMIT {}) AS sample "
            "WHERE mvt IS DISTINCT FROM cosmogony_catalog.compute_tile(%s, z, x, y)"
        ).format(release.qualify_table("tiles"), sql.Literal(sample)),
        (release.schema_name,),
    ).fetchall()
    if wrong:
        names = ", ".join("/".join(map(str, address)) for address in wrong)
        raise StepError(f"stored tiles of release {release.id} differ from computed ones: {names}; load it again")
