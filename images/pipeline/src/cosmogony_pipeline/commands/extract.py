# SPDX-License-Identifier: Apache-2.0
"""Make the zones of the fetched sources of a batch."""

from __future__ import annotations

import argparse

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.value_parsing import parse_size

from .arguments import add_batch_options, add_scratch_options


def register(subparsers: Subparsers) -> None:
    """Add the command `cosmogony-pipeline extract`."""
    parser = add_command_with_common_options(subparsers, "extract", run, __doc__)
    add_batch_options(parser)
    add_scratch_options(parser)


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony-pipeline extract`: make the zones of the sources of a batch, and report their number."""
    from cosmogony.loglevel import set_log_level_from_environment

    from ..context import CommandContext
    from ..sources.source_config import SourceConfig
    from ..steps.batch import process_batch
    from ..steps.extract import extract

    set_log_level_from_environment()
    context = CommandContext.from_options(options)
    inputs = context.make_inputs()
    results = process_batch(
        context.find_batch_items(options),
        lambda item, progress_file: extract(
            context.store,
            SourceConfig.from_plan_item(item),
            inputs,
            threads=context.settings.extract.threads,
            scratch=options.scratch,
            disk=parse_size(options.disk, "--disk"),
            progress_file=progress_file,
        ),
    )
    zones, skipped = sum(result.zones for result in results), all(result.skipped for result in results)
    write_outputs(options.outputs, {"zones": zones, "skipped": skipped})
