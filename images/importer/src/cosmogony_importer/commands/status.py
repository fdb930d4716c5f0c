# SPDX-License-Identifier: Apache-2.0
"""Report the kept releases, and the sizes of the database and of the S3 store."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cosmogony_steps.commands import Subparsers, add_command
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog
from ..reports import usage
from .context import connect_and_migrate, find_store


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(subparsers, "status", run, __doc__)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    with connect_and_migrate(settings) as connection:
        document: dict[str, Any] = {
            "releases": [usage.describe_release(connection, release) for release in catalog.list_releases(connection)],
            "database": usage.measure_database(connection),
        }
    if store := find_store(settings):
        document["store"] = usage.measure_bucket(store)
    text = json.dumps(document)
    write_outputs(options.outputs, {"status": text})
    print(text)
