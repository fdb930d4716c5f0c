# SPDX-License-Identifier: Apache-2.0
"""Check a release before it is published."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from cosmogony_steps import log
from cosmogony_steps.documents import ABSENT, GateFigures, GateReport, GateVerdict, to_json
from cosmogony_steps.settings import GateSettings
from psycopg import sql
from psycopg.types.json import Jsonb

from ..database import statements
from ..database.queries import fetch_value
from ..releases import catalog
from ..releases.catalog import Release
from . import completeness, expectations, left_out, losses, outside, parents

SAMPLES = 25  # zones whose tiles are checked


def check_release(
    connection: psycopg.Connection,
    release: Release,
    limits: GateSettings,
    override: str | None = None,
    finding: str | None = None,
) -> GateReport:
    """Check a release and store the report in the catalog.

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
    tree = parents.check_parents(connection, release)
    findings = [finding] if finding else []
    if not zones:
        findings.append("it has no zones")
    findings += tree.findings + _compare_counts(connection, release, zones)
    comparison = left_out.compare_left_out(connection, release, live)
    lost = turned = reaching = None
    if live is not None:
        lost = losses.check_losses(connection, release, live, limits, comparison)
        turned = expectations.check_expected_counts(connection, release, live, limits)
        findings += lost.findings + turned.findings
    cut = completeness.check_completeness(connection, release, live, limits)
    findings += cut.findings
    if zones:
        reaching = outside.check_outside_parent(connection, release, limits)
        findings += reaching.findings + _sample_tiles(connection, release)
    report = GateReport(
        verdict=_get_verdict(findings, override),
        findings=tuple(findings),
        notes=tuple(comparison.notes),
        at=datetime.now(UTC).replace(microsecond=0),
        limits=to_json(limits),
        figures=GateFigures(
            zones=zones,
            compared_with=live.id if live else None,
            parents=tree.figures,
            left_out=comparison.figures,
            losses=lost.figures if lost else ABSENT,
            turned_ko=turned.figures if turned else ABSENT,
            incomplete=cut.figures,
            outside=reaching.figures if reaching else ABSENT,
        ),
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
    query = sql.SQL("SELECT count(*) FROM {}").format(release.get_table("zones"))
    return int(fetch_value(connection.execute(query)))


def _compare_counts(connection: psycopg.Connection, release: Release, zones: int) -> list[str]:
    """Compare the number of zones with the manifest, and with the number of loaded zones."""
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
                zones=release.get_table("zones"),
                limit=SAMPLES,
                stored=release.stored_zoom or 0,
                release=sql.Literal(release.id),
            )
        ).fetchall()
    return [f"tile {z}/{x}/{y} is empty although it contains zone {zone}" for zone, z, x, y in empty[:5]]
