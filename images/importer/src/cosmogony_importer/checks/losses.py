# SPDX-License-Identifier: Apache-2.0
"""Check for zones that were lost since the live release, by country and type."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import CountChange, LossFigures
from cosmogony_steps.settings import GateSettings
from psycopg import sql

from ..releases.catalog import Release
from .left_out import LeftOutComparison

MAX_NAMED = 20  # pairs of country and type that the findings name
MAX_STORED = 200  # changed numbers of zones that the report of the gate lists

Counts = dict[tuple[str, str], int]  # zones by country and type


def check_losses(
    connection: psycopg.Connection,
    release: Release,
    live: Release,
    limits: GateSettings,
    comparison: LeftOutComparison,
) -> tuple[list[str], LossFigures]:
    """Find countries and types with too many zones fewer than in the live release.

    Args:
        connection: reads both releases.
        release: the release to check.
        live: the release to compare with.
        limits: how many zones may be lost, in all and per country and type.
        comparison: explains losses by what was left out.

    Returns:
        The findings, each of which blocks the release, and the figures for the report.
    """
    max_percent, max_zones = limits.max_loss_percent, limits.max_loss_zones
    before, after = _count_zones(connection, live), _count_zones(connection, release)
    if not any(country for country, _ in before):  # zones that the original importer loaded have no country
        before, after = _merge_countries(before), _merge_countries(after)
    findings = []
    total_before, total_after = sum(before.values()), sum(after.values())
    if _percent_lost(total_before, total_after) > max_percent:
        findings.append(_describe_loss("all zones", total_before, total_after, live, max_percent))
    changes = sorted(
        (
            CountChange(country=key[0], type=key[1], before=before.get(key, 0), after=after.get(key, 0))
            for key in before.keys() | after.keys()
            if before.get(key, 0) != after.get(key, 0)
        ),
        key=lambda change: (change.after - change.before, change.country, change.type),
    )
    fallen = [
        (key, had, after.get(key, 0))
        for key, had in before.items()
        if _percent_lost(had, after.get(key, 0)) > max_percent
        and (had - after.get(key, 0) > max_zones or not after.get(key, 0))
    ]
    fallen.sort(key=lambda entry: entry[2] - entry[1])
    explained = set()
    for (country, kind), had, has in fallen[:MAX_NAMED]:
        what = f"country {country or 'unknown'}, type {kind or 'unknown'}"
        loss = _describe_loss(what, had, has, live, max_percent)
        findings.append(loss if country in explained else loss + comparison.explain_loss(country))
        explained.add(country)
    if len(fallen) > MAX_NAMED:
        findings.append(f"{len(fallen) - MAX_NAMED} more countries and types lost zones")
    figures = LossFigures(zones_before=total_before, zones_after=total_after, changes=tuple(changes[:MAX_STORED]))
    return findings, figures


def _count_zones(connection: psycopg.Connection, release: Release) -> Counts:
    query = sql.SQL("SELECT coalesce(country_code, ''), coalesce(zone_type, ''), count(*) FROM {} GROUP BY 1, 2")
    rows = connection.execute(query.format(release.qualify_table("zones"))).fetchall()
    return {(country, kind): count for country, kind, count in rows}


def _merge_countries(counts: Counts) -> Counts:
    merged: Counts = {}
    for (_, kind), number in counts.items():
        merged["", kind] = merged.get(("", kind), 0) + number
    return merged


def _percent_lost(before: int, after: int) -> float:
    return 100 * (before - after) / before if before else 0.0


def _describe_loss(what: str, before: int, after: int, live: Release, max_percent: float) -> str:
    return (
        f"{what}: {after} zones, {before} in the live release {live.id} (-{_percent_lost(before, after):.1f} %, "
        f"limit {max_percent:g} %)"
    )
