# SPDX-License-Identifier: Apache-2.0
"""Tell of the kept releases, and of the room that database and object store take."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..progress import say, write_outputs
from ..releases import catalog
from ..reports import usage
from ..settings import Storage
from .arguments import Subparsers, add_command
from .context import connect_database, open_store


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
    if Storage.configured():
        document["store"] = usage.measure_bucket(open_store())
    text = json.dumps(document)
    write_outputs(options.outputs, {"status": text})
    say(text)
