# SPDX-License-Identifier: Apache-2.0
"""Check for expected counts that the live release meets and this release does not."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import CountStatus, ExpectedCount, ExpectedFigures, TurnedCount
from cosmogony_steps.settings import GateSettings

from ..releases import catalog
from ..releases.catalog import Release

MAX_NAMED = 20  # expected counts that the findings name


def check_expected_counts(
    connection: psycopg.Connection, release: Release, live: Release, limits: GateSettings
) -> tuple[list[str], ExpectedFigures]:
    """Find expected counts that the live release meets and a release does not; changed expectations are left out.

    Args:
        connection: reads the statistics.
        release: the release to check.
        live: the release to compare with.
        limits: how many expected counts may turn from ok to ko.

    Returns:
        The findings, each of which blocks the release, and the figures for the report.
    """
    before, after = catalog.read_statistics(connection, live), catalog.read_statistics(connection, release)
    known = {row.identity: row for row in before.rows}
    turned = [
        (known[row.identity], row)
        for row in after.rows
        if row.test_status == CountStatus.KO and _was_met(known.get(row.identity), row)
    ]
    figures = ExpectedFigures(
        rows=len(after.rows),
        ok=after.count_with_status(CountStatus.OK),
        ko=after.count_with_status(CountStatus.KO),
        ok_before=before.count_with_status(CountStatus.OK),
        turned=tuple(
            TurnedCount(
                name=row.name,
                country=row.country_code,
                type=row.zone_type,
                before=had.total,
                after=row.total,
                expected=(row.expected_min, row.expected_max),
            )
            for had, row in turned
        ),
    )
    if len(turned) <= limits.max_turned_ko:
        return [], figures
    findings = [
        f"country {row.country_code or '-'} ({row.name}), type {row.zone_type}: "
        f"{row.total:g} zones, expected {row.expected_min:g} to {row.expected_max:g}, "
        f"{had.total:g} in the live release {live.id}"
        for had, row in turned[:MAX_NAMED]
    ]
    if len(turned) > MAX_NAMED:
        findings.append(f"{len(turned) - MAX_NAMED} more expected counts are no longer met")
    findings[0] = f"{len(turned)} expected counts turned ko, limit {limits.max_turned_ko}; {findings[0]}"
    return findings, figures


def _was_met(before: ExpectedCount | None, now: ExpectedCount) -> bool:
    """Return whether the live release meets the same expectation."""
    return (
        before is not None
        and before.test_status == CountStatus.OK
        and (before.expected_min, before.expected_max) == (now.expected_min, now.expected_max)
    )
