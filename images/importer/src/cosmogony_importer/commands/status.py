# SPDX-License-Identifier: Apache-2.0
"""Report the kept releases, and the sizes of database and object store."""

from __future__ import annotations

import argparse
import json
from typing import Any

from cosmogony_steps.outputs import write_outputs

from ..releases import catalog
from ..reports import usage
from .arguments import Subparsers, add_command
from .context import connect_database, find_store


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(subparsers, "status", run, __doc__)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    with connect_database() as connection:
        document: dict[str, Any] = {
            "releases": [usage.describe_release(connection, release) for release in catalog.list_releases(connection)],
            "database": usage.measure_database(connection),
        }
    if store := find_store():
        document["store"] = usage.measure_bucket(store)
    text = json.dumps(document)
    write_outputs(options.outputs, {"status": text})
    print(text)
