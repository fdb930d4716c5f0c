# SPDX-License-Identifier: Apache-2.0
"""Store the files of the sources of a batch in the bucket."""

from __future__ import annotations

import argparse

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs

from .arguments import add_batch_options


def register(subparsers: Subparsers) -> None:
    """Add the command `cosmogony-pipeline fetch`."""
    add_batch_options(add_command_with_common_options(subparsers, "fetch", run, __doc__))


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony-pipeline fetch`: store the files of a batch, and report the scratch space to extract them."""
    from ..context import CommandContext
    from ..steps.batch import process_batch
    from ..steps.fetch import fetch
    from ..transfer.scratch_space import estimate_extract_mib

    context = CommandContext.from_options(options)
    markers = process_batch(
        context.find_batch_items(options),
        lambda item, progress_file: fetch(
            context.store, context.restore_url_query(item), context.settings, progress_file=progress_file
        ),
    )
    write_outputs(options.outputs, {"disk": f"{max(estimate_extract_mib(marker.size) for marker in markers)}Mi"})
