# SPDX-License-Identifier: Apache-2.0
"""The command line: `cosmogony [generate|merge|explain]`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from .commands import explain, generate, merge
from .errors import CosmogonyError, UsageError
from .version import COMPATIBLE_VERSION, build_digest

log = logging.getLogger("cosmogony")

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_COMMANDS: dict[str, ModuleType] = {"generate": generate, "merge": merge, "explain": explain}
_STANDALONE = {"--version", "-V", "--build-digest", "-h", "--help", "help"}
_LEVELS = {
    "off": logging.CRITICAL + 1,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the answer is the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    if not arguments or (arguments[0] not in _COMMANDS and arguments[0] not in _STANDALONE):
        arguments.insert(0, "generate")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if options.build_digest:
        print(build_digest())
        return 0
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    _set_up_log()
    previous = signal.signal(signal.SIGTERM, _terminated)
    try:
        options.run(options)
        return 0
    except UsageError as error:
        log.error("%s", error)
        return EXIT_USAGE
    except CosmogonyError as error:
        _log_with_causes(error)
        return EXIT_ERROR
    except MemoryError:
        log.error("not enough memory. Give the process more, or take a smaller extract.")
        return EXIT_ERROR
    except KeyboardInterrupt:
        log.error("interrupted, nothing was written")
        return EXIT_INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminated(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _log_with_causes(error: BaseException) -> None:
    log.error("%s", error)
    cause = error.__cause__
    while cause is not None:
        log.error("caused by: %s", cause)
        cause = cause.__cause__


def _set_up_log() -> None:
    """To standard error; RUST_LOG chooses the level as it does for the original."""
    wanted = os.environ.get("RUST_LOG", "info").split(",")[-1].rpartition("=")[2].strip().lower()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    log.setLevel(_LEVELS.get(wanted, logging.INFO))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cosmogony",
        description="Makes zones (countries, states, cities, ... with their hierarchy) out of OpenStreetMap data.",
        epilog="Without a command, generate is meant. Exit codes: 0 done, 1 failed, 2 wrong arguments.",
    )
    parser.add_argument("-V", "--version", action="version", version=COMPATIBLE_VERSION)
    parser.add_argument("--build-digest", action="store_true", help="print the digest of the installed program")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.DESCRIPTION)
        module.register(command)
        command.set_defaults(run=module.run)
    return parser
