# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import progress


def add_zone_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that zones depend on."""
    parser.add_argument("--country-code", metavar="CC", help="country of the whole extract (ISO 3166-1 alpha-2)")
    parser.add_argument("--disable-voronoi", action="store_true", help="no zones for places that are only points")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="boundary rules instead of the packaged ones")
    parser.add_argument(
        "--as-original", action="store_true", help="the zones of Cosmogony 0.14.5, without any correction"
    )


def add_progress_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that silences progress."""
    parser.add_argument("--no-progress", action="store_true", help="no progress on standard error")


@contextmanager
def report_progress(options: argparse.Namespace) -> Iterator[progress.Progress]:
    """Yield the progress reports that suit standard error, or none if the options say so."""
    if options.no_progress:
        yield progress.ignore_progress
        return
    reports = progress.make_progress()
    try:
        yield reports
    finally:
        reports.close()
