# SPDX-License-Identifier: Apache-2.0
"""Check for missing parents and for cycles of parents."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import ParentFigures
from psycopg import sql

from ..releases.catalog import Release

MAX_NAMED = 20  # zones that a finding names


def check_parents(connection: psycopg.Connection, release: Release) -> tuple[list[str], ParentFigures]:
    """Find zones whose parent does not exist, and zones in a cycle of parents; return findings and figures."""
    zones = release.qualify_table("zones")
    orphans, cycles = _find_orphans(connection, zones), _find_cycles(connection, zones)
    circling = [zone for cycle in cycles for zone in cycle]
    findings = []
    if orphans:
        findings.append(
            f"{len(orphans)} zones have a parent that does not exist: {_name_zones(connection, zones, orphans)}"
        )
    if circling:
        findings.append(
            f"{len(circling)} zones are their own ancestors, in {len(cycles)} cycles of parents: "
            f"{_name_zones(connection, zones, circling)}"
        )
    return findings, ParentFigures(missing=len(orphans), cycles=len(cycles), in_cycles=len(circling))


def _find_orphans(connection: psycopg.Connection, zones: sql.Identifier) -> list[int]:
    statement = sql.SQL(
        "SELECT id FROM {zones} AS child WHERE parent IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM {zones} AS above WHERE above.id = child.parent) ORDER BY id"
    )
    return [row[0] for row in connection.execute(statement.format(zones=zones)).fetchall()]


def _find_cycles(connection: psycopg.Connection, zones: sql.Identifier) -> list[list[int]]:
    """Return the zones of each cycle of parents: ids, beginning with the lowest, each followed by its parent."""
    # zones without children, which most are, cannot be in a cycle of parents
    statement = sql.SQL("SELECT id, parent FROM {zones} WHERE id IN (SELECT parent FROM {zones})")
    parents: dict[int, int | None] = dict(connection.execute(statement.format(zones=zones)).fetchall())
    cycles, seen = [], set()
    for start in parents:
        path: dict[int, int] = {}
        at: int | None = start
        while at in parents and at not in seen:
            seen.add(at)
            path[at] = len(path)
            at = parents[at]
        if at in path:
            cycle = list(path)[path[at] :]
            first = cycle.index(min(cycle))
            cycles.append(cycle[first:] + cycle[:first])
    return sorted(cycles)


def _name_zones(connection: psycopg.Connection, zones: sql.Identifier, ids: list[int]) -> str:
    rows = connection.execute(
        sql.SQL(
            "SELECT id, osm_id, name, parent FROM {} JOIN unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, place) "
            "USING (id) ORDER BY place"
        ).format(zones),
        (ids[:MAX_NAMED],),
    ).fetchall()
    named = "; ".join(f"zone {row[0]} ({row[1]} {row[2]}) has parent {row[3]}" for row in rows)
    return named + (f"; and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else "")
