# SPDX-License-Identifier: Apache-2.0
"""Drop old releases and the remains of killed loads; remove unneeded objects from the S3 store."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..housekeeping import cleanup
from ..releases import catalog, durations
from ..tiles.backend import get_tile_backend
from .arguments import allow_blank, to_boolean, to_count
from .context import connect_and_migrate, open_bucket_if_configured

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store
    from cosmogony_steps.settings import Settings


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "clean", run, __doc__)
    parser.add_argument(
        "--keep",
        type=allow_blank(to_count),
        metavar="N",
        help="how many releases to keep, the live one included (blank: setting releases.keep)",
    )
    parser.add_argument(
        "--dry-run",
        type=to_boolean,
        nargs="?",
        const=True,
        default=False,
        metavar="BOOL",
        help="only list what would be removed",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    start = time.monotonic()
    with connect_and_migrate(settings) as connection:
        dropped = cleanup.drop_old_releases(connection, options.keep or settings.releases.keep, options.dry_run)
        removed, freed = 0, 0
        if store := open_bucket_if_configured(settings):
            removed, freed = _clean_store(connection, store, settings, dropped, options.dry_run)
        if not options.dry_run:
            get_tile_backend().remove_old_tiles(connection)
        live = catalog.find_live_release(connection)
        if live and not options.dry_run:
            durations.record_step_duration(connection, live.id, "clean", time.monotonic() - start)
    write_outputs(options.outputs, {"dropped": " ".join(dropped), "removed": removed, "bytes": freed})
    would = "would be " if options.dry_run else ""
    log.info(f"{would}dropped: {', '.join(dropped) or 'nothing'}")
    log.info(f"S3 store: {would}removed: {removed} objects and uploads, {freed / 1e6:.1f} MB")


def _clean_store(
    connection: psycopg.Connection, store: Store, settings: Settings, dropped: Sequence[str], dry_run: bool
) -> tuple[int, int]:
    """Remove unneeded objects from the S3 store; return the number of objects and their bytes."""
    from ..housekeeping import leftovers

    kept = leftovers.KeptReleases.from_database(connection, dropped if dry_run else ())
    sources = leftovers.list_configured_source_files(settings.sources.extracts)
    keep_runs = timedelta(days=settings.report.keep_days)
    found = leftovers.find_leftovers(store, kept, sources, keep_runs, datetime.now(UTC))
    for leftover in found:
        log.info(("would remove " if dry_run else "removing ") + leftover.description)
    if not dry_run:
        leftovers.remove_leftovers(store, kept, found)
    return len(found), sum(leftover.size for leftover in found)
