# SPDX-License-Identifier: Apache-2.0
"""Merge the zones of all sources into a release."""

from __future__ import annotations

import argparse

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.errors import UsageError
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.value_parsing import parse_size

from .arguments import add_scratch_options


def register(subparsers: Subparsers) -> None:
    """Add the command `cosmogony-pipeline merge`."""
    parser = add_command_with_common_options(subparsers, "merge", run, __doc__)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why a new release is wanted with the same inputs")
    parser.add_argument("--started", required=True, metavar="TIME", help="when the run began, for the release id")
    add_scratch_options(parser)


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony-pipeline merge`: merge the zones of all sources into a release, and report its id."""
    from cosmogony.loglevel import set_log_level_from_environment

    from ..context import CommandContext
    from ..release.inputs import parse_start_time
    from ..steps.merge import merge_parts

    set_log_level_from_environment()
    reason = options.reason.strip()
    if reason and options.plan.strip():
        raise UsageError("--reason and --plan exclude each other: the plan has a reason, or none")
    context = CommandContext.from_options(options)
    manifest = merge_parts(
        context.store,
        context.list_sources(),
        context.make_inputs(reason),
        parse_start_time(options.started),
        scratch=options.scratch,
        disk=parse_size(options.disk, "--disk"),
    )
    zones = manifest.counts.zones if manifest.counts else 0
    write_outputs(options.outputs, {"release": manifest.id, "inputs-digest": manifest.inputs_digest, "zones": zones})
