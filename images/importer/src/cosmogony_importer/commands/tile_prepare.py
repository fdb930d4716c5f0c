# SPDX-License-Identifier: Apache-2.0
"""Make an empty folder and the configuration with which t-rex generates the tiles of a release."""

from __future__ import annotations

import argparse
from pathlib import Path

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..tiles import trex, trex_generate
from .arguments import add_release
from .context import connect_database, get_release_or_live


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "tile_prepare", run, __doc__)
    add_release(parser)
    parser.add_argument(
        "--template", required=True, metavar="FILE", help="t-rex's configuration with @ZONES@ and @CACHE@"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    cache = trex.TrexCache.from_environment()
    with connect_database(settings) as connection:
        release = get_release_or_live(connection, options.release)
    with trex.translate_cache_errors(cache):
        config, extent = trex_generate.prepare_folder(cache, release, Path(options.template))
    write_outputs(options.outputs, {"release": release.id, "config": str(config), "extent": extent})
    log.info(f"release {release.id}: t-rex generates {extent} with {config}")
