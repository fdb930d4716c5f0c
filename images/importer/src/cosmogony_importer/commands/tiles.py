# SPDX-License-Identifier: Apache-2.0
"""Store the tiles of the low zooms, or those of an area at higher zooms."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..progress import format_duration
from ..releases import durations
from ..tiles import area, low_zooms
from ..tiles.box import Box
from .arguments import add_jobs_option, allow_blank, to_boolean, to_country_code, to_zoom
from .context import connect_and_migrate, get_database_address, get_release_or_live


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "tiles", run, __doc__)
    parser.add_argument("--release", default="", metavar="ID", help="the release (blank: the live one)")
    add_jobs_option(parser)
    parser.add_argument(
        "--min-zoom", type=allow_blank(to_zoom, 0), default=0, metavar="N", help="lowest zoom (%(default)s)"
    )
    parser.add_argument(
        "--max-zoom",
        type=allow_blank(to_zoom),
        metavar="N",
        help="highest zoom (blank: setting tiles.max_stored_zoom)",
    )
    parser.add_argument(
        "--bbox",
        type=allow_blank(Box.parse),
        metavar="W,S,E,N",
        help="only tiles in this box, in degrees (--bbox=-5.1,41.3,9.6,51.1)",
    )
    parser.add_argument(
        "--country", type=allow_blank(to_country_code), metavar="CODE", help="only tiles of this country's zones"
    )
    parser.add_argument(
        "--estimate",
        type=to_boolean,
        nargs="?",
        const=True,
        default=False,
        metavar="true|false",
        help="only estimate how many tiles there are to make, and how long that takes",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    start = time.monotonic()
    max_zoom = settings.tiles.max_stored_zoom if options.max_zoom is None else options.max_zoom
    selection = area.TileSelection(options.min_zoom, max_zoom, options.bbox, options.country)
    database = get_database_address(settings)
    with connect_and_migrate(settings) as connection:
        release = get_release_or_live(connection, options.release)
        before = low_zooms.count_tiles(connection, release).total
        if options.estimate:
            expected = area.estimate_selected_tiles(connection, release, selection, options.jobs).to_json()
            _write_outputs(options.outputs, before.tiles, 0, expected)
            return
        expected = {}
        if selection.completes_low_zooms(release.stored_zoom):
            stored = low_zooms.store_low_zoom_tiles(database, connection, release, max_zoom, options.jobs)
        else:
            expected = area.store_selected_tiles(database, connection, release, selection, options.jobs).to_json()
            stored = low_zooms.count_tiles(connection, release).total
        durations.record_step_duration(connection, release.id, "tiles", time.monotonic() - start)
    made = stored.tiles - before.tiles
    _write_outputs(options.outputs, stored.tiles, made, expected or {"tiles": made})
    log.info(
        f"release {release.id}: {made} tiles made in {format_duration(time.monotonic() - start)}; "
        f"it has {stored.tiles} tiles, {stored.size / 1e6:.1f} MB"
    )


def _write_outputs(folder: Path, stored: int, made: int, expected: dict[str, object]) -> None:
    write_outputs(folder, {"tiles": stored, "made": made, "estimate": json.dumps(expected)})
