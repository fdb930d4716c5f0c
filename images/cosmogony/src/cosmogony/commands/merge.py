# SPDX-License-Identifier: Apache-2.0
"""`cosmogony merge`: merge files of zones."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import add_progress_option, make_progress_function

HELP = "merge files of zones"
DESCRIPTION = (
    "Merge files of zones. A zone that several files have is kept once, with the larger geometry; parents are found "
    "across the files."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cosmogony merge` to its parser."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".json, .json.gz, .jsonl or .jsonl.gz")
    parser.add_argument("-o", "--output", default=Path("cosmogony.jsonl"), type=Path, metavar="FILE")
    parser.add_argument("--keep-duplicates", action="store_true", help="only renumber, as the original does")
    add_progress_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony merge`: write the zones of several files to one.

    Raises:
        CosmogonyError: a file cannot be read, or has zones that are refused.
    """
    from ..merge import merge

    with make_progress_function(options) as progress:
        merge(options.files, options.output, keep_duplicates=options.keep_duplicates, progress=progress)
