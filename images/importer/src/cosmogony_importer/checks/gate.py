# SPDX-License-Identifier: Apache-2.0
"""Checks a release before it is published, against what it should be and against the live one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ..database import statements
from ..database.queries import fetch_value
from ..progress import say
from ..releases import catalog
from ..releases.catalog import Release, Verdict
from . import completeness, expectations, left_out, losses, outside, parents
from .result import CheckResult

SAMPLES = 25  # tiles


@dataclass(frozen=True)
class Limits:
    """What is let through."""

    max_loss_percent: float = 5.0
    max_loss_zones: int = 10  # of one type in one country; small countries change by a few
    max_turned_ko: int = 0  # expected counts that the live release meets
    max_outside: str = outside.MOST
    outside_tolerance_percent: float = outside.TOLERANCE
    incomplete: str = completeness.BLOCK


@dataclass
class Judgement:
    """What all checks say of a release."""

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # worth a look, but they do not block
    override: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)  # by the name of the check

    @property
    def verdict(self) -> Verdict:
        """What follows from the findings."""
        if not self.findings:
            return Verdict.PASSED
        return Verdict.OVERRIDDEN if self.override else Verdict.BLOCKED

    def add(self, name: str, result: CheckResult) -> None:
        """Take what one check says."""
        self.findings += result.findings
        self.figures[name] = result.figures


def check_release(
    connection: psycopg.Connection,
    release: Release,
    limits: Limits,
    override: str | None = None,
    finding: str | None = None,
) -> Judgement:
    """Judge a release and store the verdict in the catalog.

    Args:
        connection: reads the release and the live one.
        release: the one to judge.
        limits: what is let through.
        override: the reason to let it through whatever is found.
        finding: what was found before.

    Raises:
        StepError: a limit is not valid.
    """
    allowed = outside.Allowed.parse(limits.max_outside)
    judgement = Judgement([finding] if finding else [], override=override)
    zones = _count_zones(connection, release)
    judgement.figures["zones"] = zones
    if not zones:
        judgement.findings.append("it has no zones")
    judgement.add("parents", parents.check_parents(connection, release))
    judgement.findings += _compare_counts(connection, release, zones)
    live = catalog.find_live_release(connection)
    if live is not None and live.id == release.id:
        live = None
    judgement.figures["compared_with"] = live.id if live else None
    comparison = left_out.compare_left_out(connection, release, live)
    judgement.notes, judgement.figures["left_out"] = comparison.notes, comparison.figures
    if live is not None:
        judgement.add(
            "losses",
            losses.check_losses(connection, release, live, limits.max_loss_percent, limits.max_loss_zones, comparison),
        )
        judgement.add("turned_ko", expectations.check_expected_counts(connection, release, live, limits.max_turned_ko))
    judgement.add("incomplete", completeness.check_completeness(connection, release, live, limits.incomplete))
    if zones:
        judgement.add(
            "outside",
            outside.check_outside_parent(connection, release, allowed, limits.outside_tolerance_percent),
        )
        judgement.findings += _sample_tiles(connection, release)
    _store(connection, release, limits, judgement)
    for line in judgement.findings + judgement.notes:
        say(f"gate: {line}")
    return judgement


def _store(connection: psycopg.Connection, release: Release, limits: Limits, judgement: Judgement) -> None:
    record = {
        "verdict": judgement.verdict,
        "findings": judgement.findings,
        "notes": judgement.notes,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "limits": asdict(limits),
        "figures": judgement.figures,
    }
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET gate = %s, override = %s WHERE id = %s",
        (Jsonb(record), judgement.override if judgement.findings else None, release.id),
    )


def _count_zones(connection: psycopg.Connection, release: Release) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(release.schema_name, "zones"))
    return int(fetch_value(connection.execute(query)))


def _compare_counts(connection: psycopg.Connection, release: Release, zones: int) -> list[str]:
    """Compare the number of zones with the manifest's, and with what was loaded."""
    counts = catalog.read_manifest(connection, release).get("counts") or {}
    expected = counts.get("zones")
    skipped = fetch_value(
        connection.execute("SELECT coalesce(skipped, 0) FROM cosmogony_catalog.releases WHERE id = %s", (release.id,))
    )
    findings = []
    if expected is not None and expected not in (zones, zones + skipped):
        findings.append(f"the manifest says {expected} zones, {zones} were loaded and {skipped} had no geometry")
    if release.zones is not None and release.zones != zones:
        findings.append(f"{release.zones} zones were loaded but {zones} are there")
    return findings


def _sample_tiles(connection: psycopg.Connection, release: Release) -> list[str]:
    """Check that tiles in the middle of some zones hold something, stored or computed."""
    with connection.transaction():
        statements.set_search_path(connection, "pg_catalog", statements.find_postgis_schema(connection))
        empty = connection.execute(
            statements.read_statement(
                "checks/sample_tiles.sql",
                zones=sql.Identifier(release.schema_name, "zones"),
                limit=SAMPLES,
                stored=release.stored_zoom or 0,
                release=sql.Literal(release.id),
            )
        ).fetchall()
    return [f"tile {z}/{x}/{y} is empty although zone {zone} is there" for zone, z, x, y in empty[:5]]
