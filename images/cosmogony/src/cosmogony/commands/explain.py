# SPDX-License-Identifier: Apache-2.0
"""`cosmogony explain`: why an object became a zone, or why it did not."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import add_progress_option, add_zone_options, make_progress_function

HELP = "explain why an object became a zone, or why it did not"
DESCRIPTION = (
    "Make the zones of an OSM extract, write none, and report every decision about one object: its border ring by "
    "ring, country, type, parent, centre, and why it was kept or left out. Takes the options of generate."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cosmogony explain` to its parser."""
    parser.add_argument("input", type=Path, metavar="FILE", help="OSM extract")
    parser.add_argument("osm_id", metavar="OBJECT", help="relation:ID or node:ID")
    add_zone_options(parser)
    add_progress_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony explain`: print the decisions about one OSM object.

    Raises:
        UsageError: the object is not an OSM id.
        CosmogonyError: the extract cannot be read, or has no such object.
    """
    from ..explain import explain
    from ..rules import load_rules, normalize_country_code

    rules = load_rules(options.rules)
    with make_progress_function(options) as progress:
        lines = explain(
            options.input,
            options.osm_id,
            rules=rules,
            country_code=normalize_country_code(options.country_code, rules),
            disable_voronoi=options.disable_voronoi,
            as_original=options.as_original,
            progress=progress,
        )
    print("\n".join(lines))
