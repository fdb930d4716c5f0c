# SPDX-License-Identifier: Apache-2.0
"""Merge the zones of all sources into a release."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.text import size

from .arguments import (
    Subparsers,
    add_build_settings,
    add_command,
    add_scratch,
    add_sources,
    read_build_settings,
    read_sources,
)


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "merge", run, __doc__)
    add_sources(parser)
    add_build_settings(parser)
    parser.add_argument("--started", required=True, metavar="TIME", help="when the run began, for the release id")
    add_scratch(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from cosmogony.loglevel import set_log_level
    from cosmogony_steps.s3 import Store

    from ..release.inputs import parse_started
    from ..steps.merge import merge_parts

    set_log_level()
    made = merge_parts(
        Store.from_environment(os.environ),
        read_sources(options),
        read_build_settings(options),
        parse_started(options.started),
        scratch=options.scratch,
        disk=size(options.disk, "--disk"),
    )
    zones = made.counts.zones if made.counts else 0
    write_outputs(options.outputs, {"release": made.id, "inputs-digest": made.inputs_digest, "zones": zones})
