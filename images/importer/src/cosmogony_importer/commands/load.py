# SPDX-License-Identifier: Apache-2.0
"""Load the zones file of a release from the object store."""

from __future__ import annotations

import argparse
import time

from cosmogony_steps.documents import Manifest

from ..progress import format_duration, say, write_outputs
from ..releases import catalog, durations
from ..settings import Database
from .arguments import Subparsers, add_command, add_jobs, add_release, add_wait
from .context import connect_database, open_store


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "load", run, __doc__)
    add_release(parser)
    add_jobs(parser)
    add_wait(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from ..load import loader

    catalog.get_schema_name(options.release)
    store = open_store()
    base = f"releases/{options.release}"
    key = f"{base}/manifest.json"
    manifest = Manifest.from_json(store.read_json(key), key)
    start = time.monotonic()
    with connect_database() as connection:
        if not (loaded := loader.find_loaded(connection, options.release)):
            name = f"{base}/zones.jsonl.gz"
            with store.open(name) as stream:
                loaded = loader.load_release(
                    Database.from_environment(),
                    connection,
                    options.release,
                    loader.ZoneStream(stream, ".jsonl.gz", name),
                    manifest=manifest,
                    wait=options.wait,
                    jobs=options.jobs,
                )
            durations.record_duration(connection, options.release, "load", time.monotonic() - start)
    write_outputs(options.outputs, {"zones": loaded.rows})
    say(f"release {options.release}: {loaded.rows} zones loaded in {format_duration(time.monotonic() - start)}")
