# SPDX-License-Identifier: Apache-2.0
"""Let t-rex read the tiles of the live release; before the first one make what it needs to start."""

from __future__ import annotations

import argparse

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command
from cosmogony_steps.step_settings import load_settings

from ..releases import views
from ..tiles import trex, trex_switch
from .context import connect_database


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(subparsers, "tile_link", run, __doc__)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    cache = trex.TrexCache.from_environment()
    with connect_database(settings) as connection:
        views.make_empty_zones_view(connection)
        with trex.translate_cache_errors(cache):
            name, before = trex_switch.move_link(connection, cache)
    log.info(f"{cache.link} leads to {name}" + ("" if before == name else f" (before: {before or 'nothing'})"))
