# SPDX-License-Identifier: Apache-2.0
"""Command line of the importer: the two commands of the original one, and one command a step of the pipeline."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import psycopg
from cosmogony_steps import termination
from cosmogony_steps.errors import EXIT_PERMANENT, StepError

from .commands import COMMANDS
from .database import activity
from .database.errors import translate_database_error


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="import.py",
        description="Loads zones into PostGIS and publishes them.",
        epilog="Exit codes: 0 done, 1 fails again, 2 wrong arguments, 75 may pass later.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in COMMANDS:
        command.register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    try:
        with activity.watch_statements():
            options.run(options)
    except StepError as error:
        return _fail(error, options)
    except psycopg.Error as error:
        return _fail(translate_database_error(error), options)
    except KeyboardInterrupt:
        return _fail(StepError("interrupted; nothing was switched"), options)
    return 0


def _fail(error: StepError, options: argparse.Namespace) -> int:
    print(f"error: {error}", file=sys.stderr, flush=True)
    termination.write(str(error))
    return EXIT_PERMANENT if options.has_original_exit_code(options) else error.exit_code
