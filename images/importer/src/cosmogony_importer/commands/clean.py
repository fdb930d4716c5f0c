# SPDX-License-Identifier: Apache-2.0
"""Drop old releases and debris, and what nothing needs any more in the object store."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from cosmogony_steps import log
from cosmogony_steps.outputs import write_outputs

from ..housekeeping import cleanup
from ..releases import catalog, durations
from ..tiles.backend import get_tile_backend
from .arguments import Subparsers, add_command, add_keep, true_or_false
from .context import connect_database, find_store

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "clean", run, __doc__)
    add_keep(parser)
    parser.add_argument(
        "--sources",
        default=os.environ.get("SOURCES", ""),
        metavar="JSON",
        help="the configured sources (SOURCES): what the object store holds of others is removed (none: left alone)",
    )
    parser.add_argument(
        "--keep-runs-days",
        type=int,
        default=30,
        metavar="DAYS",
        help="how long reports of runs are kept (%(default)s)",
    )
    parser.add_argument(
        "--dry-run",
        type=true_or_false,
        nargs="?",
        const=True,
        default=False,
        metavar="BOOL",
        help="only tell what would go",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from ..housekeeping import leftovers

    start = time.monotonic()
    sources = leftovers.parse_source_names(options.sources)
    with connect_database() as connection:
        dropped = cleanup.drop_old_releases(connection, options.keep, options.dry_run)
        removed, freed = 0, 0
        if store := find_store():
            removed, freed = _clean_store(connection, store, options, sources, dropped)
        if not options.dry_run:
            get_tile_backend().clean(connection)
        live = catalog.find_live_release(connection)
        if live and not options.dry_run:
            durations.record_duration(connection, live.id, "clean", time.monotonic() - start)
    write_outputs(options.outputs, {"dropped": " ".join(dropped), "removed": removed, "bytes": freed})
    would = "would be " if options.dry_run else ""
    log.info(f"{would}dropped: {', '.join(dropped) or 'nothing'}")
    log.info(f"object store: {would}removed: {removed} objects and uploads, {freed / 1e6:.1f} MB")


def _clean_store(
    connection: psycopg.Connection, store: Store, options: argparse.Namespace, sources: set[str], dropped: Sequence[str]
) -> tuple[int, int]:
    """Remove what has no use from the object store; return the number of objects and their bytes."""
    from ..housekeeping import leftovers

    kept = leftovers.KeptReleases.from_database(connection, dropped if options.dry_run else ())
    found = leftovers.find_leftovers(store, kept, sources, timedelta(days=options.keep_runs_days), datetime.now(UTC))
    for leftover in found:
        log.info(("would remove " if options.dry_run else "removing ") + leftover.line)
    if not options.dry_run:
        leftovers.remove_leftovers(store, kept, found)
    return len(found), sum(leftover.size for leftover in found)
