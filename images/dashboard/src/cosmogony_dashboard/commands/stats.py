# SPDX-License-Identifier: Apache-2.0
"""Count the zones of a release in the S3 store, and store its statistics."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "stats", run, __doc__)
    parser.add_argument("--release", required=True, metavar="ID")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from cosmogony_steps.s3 import Store

    from ..counting import count_by_status, describe_counts
    from ..stats import count_and_store_statistics

    settings = load_settings(options)
    store = Store.from_settings(settings.storage, os.environ)
    statistics = count_and_store_statistics(store, options.release, settings.sources.extracts)
    counts = count_by_status(statistics)
    write_outputs(options.outputs, {str(status): count for status, count in counts.items()})
    log.info(
        f"release {options.release}: {describe_counts(counts)}; "
        f"the data do not claim the zone type of {statistics.count_not_claimed()} of all"
    )
