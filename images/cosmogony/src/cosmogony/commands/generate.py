# SPDX-License-Identifier: Apache-2.0
"""`cosmogony generate`: make the zones of an OSM extract."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import UsageError
from ..version import COMPATIBLE_VERSION
from .options import add_progress_option, add_zone_options, make_progress_function

HELP = "make the zones of an OSM extract"
DESCRIPTION = "Make the zones of an OSM extract and write them to a file."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cosmogony generate` to its parser."""
    parser.add_argument("--version", action="version", version=COMPATIBLE_VERSION)
    parser.add_argument("-i", "--input", required=True, type=Path, metavar="PBF", help="OSM extract")
    parser.add_argument(
        "-o",
        "--output",
        default=Path("cosmogony.json"),
        type=Path,
        metavar="FILE",
        help="ends in .json, .json.gz, .jsonl, .jsonl.gz, .parquet or .fgb; default %(default)s",
    )
    parser.add_argument("--no-stats", action="store_true", help="no summary in the log")
    add_zone_options(parser)
    parser.add_argument(
        "--filter-langs",
        action="append",
        default=[],
        metavar="LANG",
        help="labels in these languages only (repeat, or separate by commas)",
    )
    parser.add_argument("--num-threads", type=int, metavar="N", help="processes to compute with (default: all cores)")
    parser.add_argument(
        "--fail-on-incomplete",
        choices=["own", "any"],
        help="refuse when relations miss members: own = of the extract's own country, any = neighbours too",
    )
    add_progress_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony generate`: write the zones of an OSM extract to a file.

    Raises:
        UsageError: the number of processes is less than 1.
        CosmogonyError: the zones cannot be made.
    """
    from ..generate import generate
    from ..rules import load_rules

    if options.num_threads is not None and options.num_threads < 1:
        raise UsageError(f"--num-threads {options.num_threads}: 1 or more is needed")
    languages = [code.strip() for item in options.filter_langs for code in item.split(",") if code.strip()]
    with make_progress_function(options) as progress:
        generate(
            options.input,
            options.output,
            country_code=options.country_code,
            disable_voronoi=options.disable_voronoi,
            filter_langs=languages,
            threads=options.num_threads,
            rules=load_rules(options.rules),
            no_stats=options.no_stats,
            progress=progress,
            fail_on_incomplete=options.fail_on_incomplete,
            as_original=options.as_original,
        )
