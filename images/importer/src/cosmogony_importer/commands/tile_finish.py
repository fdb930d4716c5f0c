# SPDX-License-Identifier: Apache-2.0
"""Check the tiles that t-rex generated and put them where publish expects them."""

from __future__ import annotations

import argparse

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog
from ..tiles import trex, trex_generate
from .arguments import add_release, blank_or, zoom
from .context import connect_database


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "tile_finish", run, __doc__)
    add_release(parser)
    parser.add_argument(
        "--max-zoom",
        type=blank_or(zoom),
        metavar="N",
        help="highest zoom that was generated (blank: trex.generate_max_zoom of the settings)",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    max_zoom = settings.trex.generate_max_zoom if options.max_zoom is None else options.max_zoom
    cache = trex.TrexCache.from_environment()
    with connect_database(settings) as connection:
        release = catalog.get_release(connection, options.release)
        with trex.translate_cache_errors(cache):
            made = trex_generate.finish_folder(connection, cache, release, max_zoom).total
    write_outputs(options.outputs, {"tiles": made.tiles})
    log.info(f"release {release.id}: {made.tiles} tiles of t-rex, {made.size / 1e6:.1f} MB")
