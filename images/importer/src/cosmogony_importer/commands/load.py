# SPDX-License-Identifier: Apache-2.0
"""Load the zones file of a release from the S3 store."""

from __future__ import annotations

import argparse
import io
import time

from cosmogony_steps import log, object_keys
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.documents import Manifest
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings
from cosmogony_steps.zonefiles import ZoneFormat

from ..progress import format_duration
from ..releases import catalog, durations
from .arguments import add_jobs_option, add_release_option, add_wait_option
from .context import connect_and_migrate, get_database_address, open_bucket

BUFFER = 1 << 20  # bytes


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "load", run, __doc__)
    add_release_option(parser)
    add_jobs_option(parser)
    add_wait_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    from ..load import loader

    catalog.get_schema_name(options.release)
    store = open_bucket(settings)
    key = object_keys.get_release_manifest_key(options.release)
    document = store.read_json(key)
    Manifest.from_json(document, key)  # only to check: a wrong manifest fails before the database is needed
    start = time.monotonic()
    with connect_and_migrate(settings) as connection:
        if not (loaded := loader.find_counts_of_earlier_load(connection, options.release)):
            name = object_keys.get_release_zones_key(options.release)
            with io.BufferedReader(store.open(name), BUFFER) as stream:
                loaded = loader.load_release(
                    get_database_address(settings),
                    connection,
                    options.release,
                    loader.ZoneStream(stream, ZoneFormat.JSONL_GZ, name),
                    document=document,
                    wait=options.wait,
                    jobs=options.jobs,
                )
            durations.record_step_duration(connection, options.release, "load", time.monotonic() - start)
    write_outputs(options.outputs, {"zones": loaded.rows})
    log.info(f"release {options.release}: {loaded.rows} zones loaded in {format_duration(time.monotonic() - start)}")
