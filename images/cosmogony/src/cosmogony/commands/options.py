# SPDX-License-Identifier: Apache-2.0
"""Command line options that several commands of `cosmogony` share."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import progress


def add_zone_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that change the zones: --country-code, --disable-voronoi, --rules, --as-original."""
    parser.add_argument("--country-code", metavar="CC", help="country of the whole extract (ISO 3166-1 alpha-2)")
    parser.add_argument("--disable-voronoi", action="store_true", help="no zones for places that are only points")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="boundary rules instead of the packaged ones")
    parser.add_argument(
        "--as-original", action="store_true", help="the zones of Cosmogony 0.14.5, without any correction"
    )


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Add --no-progress."""
    parser.add_argument("--no-progress", action="store_true", help="no progress on standard error")


@contextmanager
def make_progress_function(options: argparse.Namespace) -> Iterator[progress.Progress]:
    """Yield the function that writes progress to standard error; it does nothing with --no-progress."""
    if options.no_progress:
        yield progress.ignore_progress
        return
    reports = progress.make_progress_for_stream()
    try:
        yield reports
    finally:
        reports.close()
