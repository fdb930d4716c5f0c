# SPDX-License-Identifier: Apache-2.0
"""Check a release; if it is blocked the exit code is 1."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.documents import Claims, GateVerdict, Statistics
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.shortening import join_first
from cosmogony_steps.step_settings import load_settings

from ..checks import gate
from ..releases import catalog, durations
from .arguments import add_release_option
from .context import connect_and_migrate, open_bucket_if_configured

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store

MAX_NAMED = 3  # findings that the message of a blocked release names


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "gate", run, __doc__)
    add_release_option(parser)
    parser.add_argument(
        "--override", metavar="REASON", help="publish the release even if it is blocked, for this reason"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    start = time.monotonic()
    with connect_and_migrate(settings) as connection:
        release = catalog.get_release(connection, options.release)
        missing = _take_statistics(connection, release, open_bucket_if_configured(settings))
        report = gate.check_and_store_report(connection, release, settings.gate, options.override, missing)
        live = catalog.find_live_release(connection)
        durations.record_step_duration(connection, release.id, "gate", time.monotonic() - start)
    write_outputs(options.outputs, {"verdict": report.verdict})
    if report.verdict == GateVerdict.BLOCKED:
        stays = f"the live release {live.id} stays" if live else "nothing is live"
        raise StepError(
            f"release {release.id} is blocked: {join_first(report.findings, MAX_NAMED, separator='; ')}; {stays}; "
            "to publish it anyway, run the update again with a reason "
            "(playbooks/update.yml -e update_override=REASON, or here: gate --release ID --override REASON)"
        )
    log.info(f"release {release.id}: {report.verdict}" + (f" ({options.override})" if report.findings else ""))


def _take_statistics(connection: psycopg.Connection, release: catalog.Release, store: Store | None) -> str | None:
    """Copy the statistics from the S3 store into the release; return a finding if they are missing.

    What the live release claims stays claimed, so that vanished zones are shown as wrong.
    """
    if store is None:
        return None
    key = object_keys.get_release_statistics_key(release.id)
    try:
        document = store.read_json(key)
    except MissingObjectError:
        return f"the statistics {key} are missing; run the step stats"
    statistics = Statistics.from_json(document, key)
    live = catalog.find_live_release(connection)
    if live is not None and live.id != release.id:
        claims, live_claims = (Claims.from_manifest(catalog.read_manifest(connection, one)) for one in (release, live))
        statistics = claims.keep_claims_of_live_release(
            statistics, catalog.read_statistics(connection, live), live_claims
        )
    catalog.replace_release_document(connection, release.schema_name, "statistics", statistics.to_json())
    return None
