# SPDX-License-Identifier: Apache-2.0
"""Bring the sources of a batch into the bucket."""

from __future__ import annotations

import argparse

from cosmogony_steps.commands import Subparsers, add_command
from cosmogony_steps.outputs import write_outputs

from .arguments import add_batch


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_batch(add_command(subparsers, "fetch", run, __doc__))


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from ..context import Context
    from ..steps.batch import work_through
    from ..steps.fetch import fetch
    from ..transfer.disk import extract_needs

    context = Context.from_options(options)
    markers = work_through(
        context.batch(options),
        lambda item, progress_file: fetch(
            context.store, context.whole_url(item), context.settings, progress_file=progress_file
        ),
    )
    write_outputs(options.outputs, {"disk": f"{max(extract_needs(marker.size) for marker in markers)}Mi"})
