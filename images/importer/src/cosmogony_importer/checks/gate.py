# SPDX-License-Identifier: Apache-2.0
"""Check a release before it is published."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from cosmogony_steps import log
from cosmogony_steps.documents import GateFigures, GateReport, GateVerdict, to_json
from cosmogony_steps.settings import GateSettings
from psycopg import sql
from psycopg.types.json import Jsonb

from ..database import statements
from ..database.queries import fetch_value
from ..releases import catalog
from ..releases.catalog import Release
from . import completeness, expectations, left_out, losses, outside, parents

SAMPLES = 25  # zones in whose middle tiles are checked


def check_and_store_report(
    connection: psycopg.Connection,
    release: Release,
    limits: GateSettings,
    override: str | None = None,
    finding: str | None = None,
) -> GateReport:
    """Run all checks of the gate on a release, and store the report in the catalog.

    Args:
        connection: reads the release and the live one.
        release: the release to check.
        limits: the settings of the gate.
        override: why the release is published whatever is found.
        finding: a finding of the caller.

    Raises:
        DocumentError: a manifest, or the statistics, cannot be read.
    """
    live = catalog.find_live_release(connection)
    if live is not None and live.id == release.id:
        live = None
    zones = _count_zones(connection, release)
    findings = [finding] if finding else []
    if not zones:
        findings.append("it has no zones")
    comparison = left_out.compare_left_out(connection, release, live)
    figures: dict[str, Any] = {
        "zones": zones,
        "compared_with": live.id if live else None,
        "left_out": comparison.figures,
    }
    found, figures["parents"] = parents.check_parents(connection, release)
    findings += found + _compare_counts(connection, release, zones)
    if live is not None:
        found, figures["losses"] = losses.check_losses(connection, release, live, limits, comparison)
        findings += found
        found, figures["turned_ko"] = expectations.check_expected_counts(connection, release, live, limits)
        findings += found
    found, figures["incomplete"] = completeness.check_completeness(connection, release, live, limits)
    findings += found
    if zones:
        found, figures["outside"] = outside.check_outside_parent(connection, release, limits)
        findings += found + _sample_tiles(connection, release)
    report = GateReport(
        verdict=_get_verdict(findings, override),
        findings=tuple(findings),
        notes=tuple(comparison.notes),
        at=datetime.now(UTC).replace(microsecond=0),
        limits=to_json(limits),
        figures=GateFigures(**figures),
    )
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET gate = %s, override = %s WHERE id = %s",
        (Jsonb(report.to_json()), override if findings else None, release.id),
    )
    for line in report.findings + report.notes:
        log.info(f"gate: {line}")
    return report


def _get_verdict(findings: list[str], override: str | None) -> GateVerdict:
    if not findings:
        return GateVerdict.PASSED
    return GateVerdict.OVERRIDDEN if override else GateVerdict.BLOCKED


def _count_zones(connection: psycopg.Connection, release: Release) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(release.qualify_table("zones"))
    return int(fetch_value(connection.execute(query)))


def _compare_counts(connection: psycopg.Connection, release: Release, zones: int) -> list[str]:
    """Compare the number of zones in the table with the manifest, and with the number that the load counted."""
    counts = catalog.read_manifest(connection, release).counts
    skipped = fetch_value(
        connection.execute("SELECT coalesce(skipped, 0) FROM cosmogony_catalog.releases WHERE id = %s", (release.id,))
    )
    findings = []
    if counts and counts.zones not in (zones, zones + skipped):
        findings.append(f"the manifest says {counts.zones} zones, {zones} were loaded and {skipped} had no geometry")
    if release.zones is not None and release.zones != zones:
        findings.append(f"{release.zones} zones were loaded but {zones} are there")
    return findings


def _sample_tiles(connection: psycopg.Connection, release: Release) -> list[str]:
    """Check that stored and computed tiles in the middle of some zones are not empty."""
    with connection.transaction():
        statements.set_search_path(connection, "pg_catalog")
        empty = connection.execute(
            statements.read_statement(
                "checks/sample_tiles.sql",
                zones=release.qualify_table("zones"),
                limit=SAMPLES,
                stored=release.stored_zoom or 0,
                release=sql.Literal(release.id),
            )
        ).fetchall()
    return [f"tile {z}/{x}/{y} is empty although it contains zone {zone}" for zone, z, x, y in empty[:5]]
