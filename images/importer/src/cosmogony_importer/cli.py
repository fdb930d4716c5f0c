# SPDX-License-Identifier: Apache-2.0
"""Command line of the importer: the two commands of the original importer, and the commands of the steps."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import psycopg
from cosmogony_steps.commands import find_commands
from cosmogony_steps.errors import StepError, TerminatedError
from cosmogony_steps.postgres import translate_database_error
from cosmogony_steps.run import EXIT_CODES, run_command

from . import commands
from .database import statement_progress


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="import.py", description="Loads zones into PostGIS and publishes them.", epilog=EXIT_CODES
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in find_commands(commands):
        command.register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    return run_command(options.command, lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    try:
        with statement_progress.report_statement_progress():
            options.run(options)
    except TerminatedError:
        raise
    except (StepError, psycopg.Error) as cause:
        error = cause if isinstance(cause, StepError) else translate_database_error(cause)
        if "has_original_exit_code" in options and options.has_original_exit_code(options):  # always 1
            error = StepError(str(error))
        raise error from cause
