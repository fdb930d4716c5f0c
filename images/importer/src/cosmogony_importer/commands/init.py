# SPDX-License-Identifier: Apache-2.0
"""Create or upgrade catalog, views and the tile function; quick if they are up to date."""

from __future__ import annotations

import argparse

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog
from .context import connect_and_migrate


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command_with_common_options(subparsers, "init", run, __doc__)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    with connect_and_migrate(load_settings(options)) as connection:
        live = catalog.find_live_release(connection)
    log.info(f"database is ready; live release: {live.id if live else 'none'}")
