# SPDX-License-Identifier: Apache-2.0
"""Tile files of t-rex: generate those of a release, and serve those of the live one."""

from __future__ import annotations

import argparse
from pathlib import Path

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog, views
from ..tiles import trex, trex_generate, trex_switch
from .arguments import add_release_option, allow_blank, to_zoom
from .context import connect_and_migrate, get_release_or_live


def register(subparsers: Subparsers) -> None:
    """Add the commands."""
    prepare = add_command_with_common_options(subparsers, "tile_prepare", _run_tile_prepare, _run_tile_prepare.__doc__)
    add_release_option(prepare)
    prepare.add_argument(
        "--template", required=True, metavar="FILE", help="t-rex's configuration with @ZONES@ and @CACHE@"
    )
    finish = add_command_with_common_options(subparsers, "tile_finish", _run_tile_finish, _run_tile_finish.__doc__)
    add_release_option(finish)
    finish.add_argument(
        "--max-zoom",
        type=allow_blank(to_zoom),
        metavar="N",
        help="highest zoom that was generated (blank: setting trex.generate_max_zoom)",
    )
    add_command_with_common_options(subparsers, "tile_link", _run_tile_link, _run_tile_link.__doc__)


def _run_tile_prepare(options: argparse.Namespace) -> None:
    """Make an empty folder and the configuration with which t-rex generates the tiles of a release."""
    cache = trex.TrexCache.from_environment()
    with connect_and_migrate(load_settings(options)) as connection:
        release = get_release_or_live(connection, options.release)
    with trex.translate_cache_errors(cache):
        config, extent = trex_generate.prepare_tile_folder(cache, release, Path(options.template))
    write_outputs(options.outputs, {"release": release.id, "config": str(config), "extent": extent})
    log.info(f"release {release.id}: t-rex generates {extent} with {config}")


def _run_tile_finish(options: argparse.Namespace) -> None:
    """Check the tiles that t-rex generated and put them where publish expects them."""
    settings = load_settings(options)
    max_zoom = settings.trex.generate_max_zoom if options.max_zoom is None else options.max_zoom
    cache = trex.TrexCache.from_environment()
    with connect_and_migrate(settings) as connection:
        release = catalog.get_release(connection, options.release)
        with trex.translate_cache_errors(cache):
            made = trex_generate.check_and_move_tiles(connection, cache, release, max_zoom).total
    write_outputs(options.outputs, {"tiles": made.tiles})
    log.info(f"release {release.id}: {made.tiles} tiles of t-rex, {made.size / 1e6:.1f} MB")


def _run_tile_link(options: argparse.Namespace) -> None:
    """Let t-rex read the tiles of the live release; before the first one make what t-rex needs to start."""
    cache = trex.TrexCache.from_environment()
    with connect_and_migrate(load_settings(options)) as connection:
        views.create_empty_zones_view(connection)
        with trex.translate_cache_errors(cache):
            name, before = trex_switch.move_link_and_drop_wrong_tiles(connection, cache)
    log.info(f"{cache.link} leads to {name}" + ("" if before == name else f" (before: {before or 'nothing'})"))
