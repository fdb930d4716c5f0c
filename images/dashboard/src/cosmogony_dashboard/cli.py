# SPDX-License-Identifier: Apache-2.0
"""Command line: compare numbers of zones with the expected ones.

``dashboard --cosmogony=FILE [--output=FILE]`` compares a file, with the exit codes of the original:
0 all counts are as expected, 1 some are not, 2 the file cannot be read, 4 wrong arguments.
``dashboard stats --release ID`` does the same for a release in the S3 store, as a step of a data update:
0 done (whatever the counts), 1 permanent error, 2 wrong settings, 4 wrong arguments, 75 transient error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cosmogony_steps.commands import find_commands
from cosmogony_steps.documents import CountStatus
from cosmogony_steps.run import run_command

from . import commands, stats
from .counting import compare_counts, count_by_status, describe_counts
from .errors import EXIT_KO, EXIT_USAGE, InputError
from .table import read_expectations
from .zones import read_zones


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: error: {message}", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _make_file_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="dashboard", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--cosmogony", required=True, metavar="FILE", type=Path, help="zones (.json, .jsonl, either .gz)"
    )
    parser.add_argument(
        "--output", default="data_volumetric.json", metavar="FILE", type=Path, help="result (%(default)s)"
    )
    return parser


def make_step_parser() -> argparse.ArgumentParser:
    """Return the parser of the commands that are steps."""
    parser: argparse.ArgumentParser = _Parser(prog="dashboard")
    subparsers = parser.add_subparsers(metavar="STEP", required=True)
    for command in find_commands(commands):
        command.register(subparsers)
    return parser


def _compare_file(arguments: argparse.Namespace) -> int:
    expectations = read_expectations()
    statistics = compare_counts(read_zones(arguments.cosmogony), expectations)
    for row, found in zip(expectations, statistics.rows, strict=True):
        if found.test_status is CountStatus.KO:
            gap = " (known gap)" if row.known_gap == "yes" else ""
            print(f"ko: {row.country_name} {row.zone_type}: {found.total:.0f}, expected {row.min} to {row.max}{gap}")
    _write_file(arguments.output, stats.encode_statistics(statistics))
    counts = count_by_status(statistics)
    print(describe_counts(counts))
    return EXIT_KO if counts[CountStatus.KO] else 0


def _write_file(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as cause:
        fresh.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({cause.strerror}); name a writable file with --output") from cause


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and not arguments[0].startswith("-"):
        options = make_step_parser().parse_args(arguments)
        return run_command(options.command, lambda: options.run(options))
    options = _make_file_parser().parse_args(arguments)
    return run_command("dashboard", lambda: _compare_file(options))
