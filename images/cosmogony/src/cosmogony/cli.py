# SPDX-License-Identifier: Apache-2.0
"""The command line: `cosmogony [generate|merge|explain]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from cosmogony_steps.run import EXIT_CODES, run_command

from .commands import explain, generate, merge
from .loglevel import set_log_level_from_environment
from .version import COMPATIBLE_VERSION, compute_program_digest

_COMMANDS: dict[str, ModuleType] = {"generate": generate, "merge": merge, "explain": explain}
_STANDALONE = {"--version", "-V", "--build-digest", "-h", "--help", "help"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names (default: the arguments of this process); return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _make_parser()
    if not arguments or (arguments[0] not in _COMMANDS and arguments[0] not in _STANDALONE):
        arguments.insert(0, "generate")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if options.build_digest:
        print(compute_program_digest())
        return 0
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    set_log_level_from_environment()
    return run_command("cosmogony", lambda: options.run(options))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cosmogony",
        description="Makes zones (countries, states, cities, ... with their hierarchy) out of OpenStreetMap data.",
        epilog=f"Without a command, generate is meant. {EXIT_CODES}",
    )
    parser.add_argument("-V", "--version", action="version", version=COMPATIBLE_VERSION)
    parser.add_argument("--build-digest", action="store_true", help="print the digest of the installed program")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.DESCRIPTION)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
