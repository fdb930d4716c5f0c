# SPDX-License-Identifier: Apache-2.0
"""Make the zones of one fetched source."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.text import boolean, integer, size

from ..sources.source_config import checked_languages, parse_item_json
from .arguments import Subparsers, add_as_original, add_command, add_scratch, add_source


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "extract", run, __doc__)
    add_source(parser)
    parser.add_argument("--languages", default="", metavar="CSV", help="languages of sources that name none")
    add_as_original(parser)
    parser.add_argument("--threads", default="", metavar="N", help="computing threads (default: all cores)")
    add_scratch(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from cosmogony.loglevel import set_log_level
    from cosmogony_steps.s3 import Store

    from ..steps.extract import extract

    set_log_level()
    source = parse_item_json(options.source)
    result = extract(
        Store.from_environment(os.environ),
        source,
        checked_languages(options.languages, "--languages"),
        as_original=boolean(options.as_original, "--as-original"),
        threads=integer(options.threads, "--threads"),
        scratch=options.scratch,
        disk=size(options.disk, "--disk"),
    )
    write_outputs(options.outputs, {"zones": result.zones, "skipped": result.skipped})
