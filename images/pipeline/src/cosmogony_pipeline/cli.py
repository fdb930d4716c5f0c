# SPDX-License-Identifier: Apache-2.0
"""The steps of a data update around the extractor, as commands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cosmogony_steps.commands import find_commands
from cosmogony_steps.run import EXIT_CODES, run_command

from . import commands


def make_parser() -> argparse.ArgumentParser:
    """Return the argument parser with all commands of `cosmogony-pipeline`."""
    parser = argparse.ArgumentParser(prog="cosmogony-pipeline", description=__doc__, epilog=EXIT_CODES)
    subparsers = parser.add_subparsers(metavar="STEP", required=True)
    for command in find_commands(commands):
        command.register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the step that `argv` names (default: the arguments of this process); return the exit code."""
    try:
        options = make_parser().parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    return run_command(options.command, lambda: options.run(options))
