# SPDX-License-Identifier: Apache-2.0
"""Make an earlier release live again."""

from __future__ import annotations

import argparse
import time

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog, switch
from ..tiles.backend import get_tile_backend
from .arguments import add_patience_option
from .context import connect_and_migrate


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "rollback", run, __doc__)
    parser.add_argument("--to", metavar="ID", help="the release (default: the newest that is older than the live one)")
    parser.add_argument("--reason", metavar="TEXT")
    add_patience_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    start = time.monotonic()
    with connect_and_migrate(load_settings(options)) as connection:
        release = catalog.get_release(connection, options.to) if options.to else switch.find_rollback_target(connection)
        switch.switch_live_release(connection, release, "rollback", reason=options.reason, patience=options.patience)
        get_tile_backend().serve_live_release(connection)
    write_outputs(options.outputs, {"release": release.id})
    log.info(f"rolled back to release {release.id} ({time.monotonic() - start:.1f} s)")
