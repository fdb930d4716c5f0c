# SPDX-License-Identifier: Apache-2.0
"""Bring one source into the bucket."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps.outputs import write_outputs

from ..sources.source_config import parse_item_json, with_whole_url
from .arguments import Subparsers, add_command, add_source


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_source(add_command(subparsers, "fetch", run, __doc__))


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from cosmogony_steps.s3 import Store

    from ..steps.fetch import fetch

    source = with_whole_url(parse_item_json(options.source), os.environ.get("SOURCES", ""))
    marker = fetch(Store.from_environment(os.environ), source, os.environ)
    write_outputs(options.outputs, {"digest": marker.sha256})
