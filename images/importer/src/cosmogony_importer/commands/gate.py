# SPDX-License-Identifier: Apache-2.0
"""Judge a release; blocked ends in exit code 1."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import psycopg
from cosmogony_steps import keys, log
from cosmogony_steps.documents import GateLimits, GateVerdict, IncompletePolicy, Statistics
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.outputs import write_outputs

from ..checks import gate
from ..releases import catalog, durations
from .arguments import Subparsers, add_command, add_release
from .context import connect_database, find_store

NAMED = 3  # findings in the message of a blocked release


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "gate", run, __doc__)
    add_release(parser)
    parser.add_argument("--override", metavar="REASON", help="let a blocked release through, and say why")
    parser.add_argument(
        "--max-loss-percent",
        type=float,
        default=5.0,
        metavar="P",
        help="how many per cent fewer than the live release has (%(default)s)",
    )
    parser.add_argument(
        "--max-loss-zones",
        type=int,
        default=10,
        metavar="N",
        help="how many zones a country may lose of one type whatever the per cent (%(default)s)",
    )
    parser.add_argument(
        "--max-turned-ko",
        type=int,
        default=0,
        metavar="N",
        help="how many expected counts that the live release meets may be missed (%(default)s)",
    )
    parser.add_argument(
        "--max-outside",
        default="1%",
        metavar="NUMBER",
        help="how many zones may reach outside their parent: a number, or per cent (%(default)s)",
    )
    parser.add_argument(
        "--outside-tolerance",
        type=float,
        default=1.0,
        metavar="P",
        help="per cent of a zone's area that may be outside its parent (%(default)s)",
    )
    parser.add_argument(
        "--incomplete",
        default="block",
        metavar="block|allow",
        help="what becomes of a source that does not hold its own country whole (%(default)s)",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    limits = GateLimits(
        max_loss_percent=options.max_loss_percent,
        max_loss_zones=options.max_loss_zones,
        max_turned_ko=options.max_turned_ko,
        max_outside=options.max_outside,
        outside_tolerance_percent=options.outside_tolerance,
        incomplete=_parse_policy(options.incomplete),
    )
    start = time.monotonic()
    with connect_database() as connection:
        release = catalog.get_release(connection, options.release)
        missing = _take_statistics(connection, release)
        report = gate.check_release(connection, release, limits, options.override, missing)
        live = catalog.find_live_release(connection)
        durations.record_duration(connection, release.id, "gate", time.monotonic() - start)
    write_outputs(options.outputs, {"verdict": report.verdict})
    if report.verdict == GateVerdict.BLOCKED:
        stays = f"the live release {live.id} stays" if live else "nothing is live"
        raise StepError(
            f"release {release.id} is blocked: {_name_first(report.findings)}; {stays}; "
            "to let it through all the same, run the update again with a reason "
            "(playbooks/update.yml -e update_override=REASON, or here: gate --release ID --override REASON)"
        )
    log.info(f"release {release.id}: {report.verdict}" + (f" ({options.override})" if report.findings else ""))


def _take_statistics(connection: psycopg.Connection, release: catalog.Release) -> str | None:
    """Copy the statistics from the object store into the release; return the finding when they are missing."""
    store, key = find_store(), keys.release_statistics(release.id)
    if store is None:
        return None
    try:
        document = store.read_json(key)
    except MissingObjectError:
        return f"the statistics {key} are missing; run the step stats"
    Statistics.from_json(document, key)
    catalog.store_document(connection, release.schema_name, "statistics", document)
    return None


def _parse_policy(text: str) -> IncompletePolicy:
    try:
        return IncompletePolicy(text)
    except ValueError:
        raise StepError(f"--incomplete is {text!r}, wanted {' or '.join(IncompletePolicy)}") from None


def _name_first(findings: Sequence[str]) -> str:
    more = len(findings) - NAMED
    return "; ".join(findings[:NAMED]) + (f"; and {more} more findings" if more > 0 else "")
