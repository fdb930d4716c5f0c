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
from ..progress import say
from ..releases import catalog
from ..releases.catalog import Release
from . import completeness, expectations, left_out, outside, parents

SAMPLES = 25
NAMED = 20  # findings that are written out
STORED = 200  # changes of counts that are kept with the verdict


@dataclass(frozen=True)
class Limits:
    max_loss_percent: float = 5.0
    max_loss_zones: int = 10  # of one type in one country; small countries change by a few
    max_turned_ko: int = 0
    max_outside: str = outside.MOST
    outside_tolerance_percent: float = outside.TOLERANCE
    incomplete: str = completeness.BLOCK


@dataclass
class Verdict:
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # of what should be looked at, and does not block
    override: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        if not self.findings:
            return "passed"
        return "overridden" if self.override else "blocked"


def check(
    connection: psycopg.Connection,
    release: Release,
    limits: Limits,
    override: str | None = None,
    found: str | None = None,
) -> Verdict:
    """Judge a release and write the verdict into the catalog."""
    allowed = outside.Allowed.parse(limits.max_outside)
    verdict = Verdict([found] if found else [], override=override)
    rows = _count(connection, release)
    verdict.figures["zones"] = rows
    if not rows:
        verdict.findings.append("it has no zones")
    _take(verdict, "parents", parents.check(connection, release))
    verdict.findings += _manifest(connection, release, rows)
    live = catalog.live(connection)
    if live is not None and live.id == release.id:
        live = None
    verdict.figures["compared_with"] = live.id if live else None
    verdict.notes, comparison, verdict.figures["left_out"] = left_out.check(connection, release, live)
    if live is not None:
        _take(verdict, "losses", _losses(connection, release, live, limits, comparison))
        _take(verdict, "turned_ko", expectations.check(connection, release, live, limits.max_turned_ko))
    _take(verdict, "incomplete", completeness.check(connection, release, live, limits.incomplete))
    if rows:
        _take(verdict, "outside", outside.check(connection, release, allowed, limits.outside_tolerance_percent))
        verdict.findings += _sample_tiles(connection, release)
    connection.execute(
        "UPDATE cosmogony_catalog.releases SET gate = %s, override = %s WHERE id = %s",
        (
            Jsonb(
                {
                    "verdict": verdict.word,
                    "findings": verdict.findings,
                    "notes": verdict.notes,
                    "at": datetime.now(UTC).isoformat(timespec="seconds"),
                    "limits": asdict(limits),
                    "figures": verdict.figures,
                }
            ),
            override if verdict.findings else None,
            release.id,
        ),
    )
    for line in verdict.findings + verdict.notes:
        say(f"gate: {line}")
    return verdict


def _take(verdict: Verdict, name: str, checked: tuple[list[str], dict[str, Any]]) -> None:
    findings, verdict.figures[name] = checked
    verdict.findings += findings


def _zones(release: Release) -> sql.Identifier:
    return sql.Identifier(release.schema_name, "zones")


def _count(connection: psycopg.Connection, release: Release) -> int:
    return connection.execute(sql.SQL("SELECT count(*) FROM {}").format(_zones(release))).fetchone()[0]


def _manifest(connection: psycopg.Connection, release: Release, rows: int) -> list[str]:
    manifest = catalog.document(connection, release.schema_name, "manifest") or {}
    counts = manifest.get("counts") or {}
    expected = counts.get("zones")
    skipped = connection.execute(
        "SELECT coalesce(skipped, 0) FROM cosmogony_catalog.releases WHERE id = %s", (release.id,)
    ).fetchone()[0]
    findings = []
    if expected is not None and expected not in (rows, rows + skipped):
        findings.append(f"the manifest says {expected} zones, {rows} were loaded and {skipped} had no geometry")
    if release.zones is not None and release.zones != rows:
        findings.append(f"{release.zones} zones were loaded but {rows} are there")
    return findings


def _by_country(connection: psycopg.Connection, release: Release) -> dict[tuple[str, str], int]:
    return {
        (row[0], row[1]): row[2]
        for row in connection.execute(
            sql.SQL(
                "SELECT coalesce(country_code, ''), coalesce(zone_type, ''), count(*) FROM {} GROUP BY 1, 2"
            ).format(_zones(release))
        ).fetchall()
    }


def _losses(
    connection: psycopg.Connection, release: Release, live: Release, limits: Limits, comparison: left_out.Comparison
) -> tuple[list[str], dict[str, Any]]:
    before, after = _by_country(connection, live), _by_country(connection, release)
    if not any(country for country, _ in before):  # an original database does not know countries
        before, after = _without_country(before), _without_country(after)
    findings = []
    total_before, total_after = sum(before.values()), sum(after.values())
    if _lost(total_before, total_after) > limits.max_loss_percent:
        findings.append(_loss("all zones", total_before, total_after, live, limits))
    fallen = [
        (key, had, after.get(key, 0))
        for key, had in before.items()
        if _lost(had, after.get(key, 0)) > limits.max_loss_percent
        and (had - after.get(key, 0) > limits.max_loss_zones or not after.get(key, 0))
    ]
    fallen.sort(key=lambda entry: entry[2] - entry[1])
    explained = set()
    for (country, kind), had, has in fallen[:NAMED]:
        loss = _loss(f"country {country or 'unknown'}, type {kind or 'unknown'}", had, has, live, limits)
        findings.append(loss if country in explained else loss + comparison.explain(country))
        explained.add(country)
    if len(fallen) > NAMED:
        findings.append(f"{len(fallen) - NAMED} more countries and types lost zones")
    changes = [
        {"country": key[0], "type": key[1], "before": before.get(key, 0), "after": after.get(key, 0)}
        for key in before.keys() | after.keys()
        if before.get(key, 0) != after.get(key, 0)
    ]
    changes.sort(key=lambda change: (change["after"] - change["before"], change["country"], change["type"]))
    return findings, {"zones_before": total_before, "zones_after": total_after, "changes": changes[:STORED]}


def _without_country(counts: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    merged: dict[tuple[str, str], int] = {}
    for (_, kind), number in counts.items():
        merged["", kind] = merged.get(("", kind), 0) + number
    return merged


def _lost(before: int, after: int) -> float:
    return 100 * (before - after) / before if before else 0.0


def _loss(what: str, before: int, after: int, live: Release, limits: Limits) -> str:
    return (
        f"{what}: {after} zones, {before} in the live release {live.id} (-{_lost(before, after):.1f} %, "
        f"limit {limits.max_loss_percent:g} %)"
    )


def _sample_tiles(connection: psycopg.Connection, release: Release) -> list[str]:
    """Tiles in the middle of some zones must hold something, stored or computed."""
    with connection.transaction():
        statements.search_path(connection, "pg_catalog", statements.postgis_schema(connection))
        empty = connection.execute(
            statements.statement(
                "checks/sample_tiles.sql",
                zones=_zones(release),
                limit=SAMPLES,
                stored=release.stored_zoom or 0,
                release=sql.Literal(release.id),
            )
        ).fetchall()
    return [f"tile {row[1]}/{row[2]}/{row[3]} is empty although zone {row[0]} is there" for row in empty[:5]]
