# SPDX-License-Identifier: Apache-2.0
"""Check for zones that extend beyond their parent."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from cosmogony_steps import heartbeat
from cosmogony_steps.documents import OutsideFigures, ZoneOutside
from cosmogony_steps.settings import GateSettings
from psycopg import sql
from psycopg.rows import dict_row

from ..database import statements
from ..database.queries import fetch_value
from ..releases.catalog import Release

SAMPLE = 5000  # zones that are checked when a release has more with a parent
SECONDS = 300.0  # after which no more zones are compared with their parents
BATCH = 500  # zones that one statement compares with their parents
MAX_STORED = 50  # zones that the report of the gate lists
ZONE_COLUMNS = ("osm_id", "name", "country", "type", "generated", "parent_osm_id", "parent_name")
MAX_NAMED = 5  # pairs of country and type that the findings name


@dataclass(frozen=True)
class _OutsideLimit:
    """How many zones may extend beyond their parent: a number, or per cent of the checked ones, rounded up."""

    number: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> _OutsideLimit:
        """Parse a number such as 20, or per cent such as 1%; the settings allow nothing else."""
        return cls(float(text.rstrip("%")), text.endswith("%"))

    def count_allowed(self, zones: int) -> int:
        """Return how many of `zones` checked zones may extend beyond their parent."""
        return math.ceil(round(self.number * zones / 100, 9)) if self.percent else int(self.number)


def check_outside_parent(
    connection: psycopg.Connection, release: Release, limits: GateSettings
) -> tuple[list[str], OutsideFigures]:
    """Find zones that extend beyond their parent. Of a large release a sample is checked, always the same.

    Args:
        connection: reads the release.
        release: the release to check.
        limits: how many zones may extend beyond their parent, and from which share on it counts.

    Returns:
        The findings, each of which blocks the release, and the figures for the report.
    """
    allowed, tolerance = _OutsideLimit.parse(limits.max_outside), limits.outside_tolerance_percent
    zones = release.qualify_table("zones")
    children = fetch_value(
        connection.execute(sql.SQL("SELECT count(*) FROM {zones} WHERE parent IS NOT NULL").format(zones=zones))
    )
    checked, without_area, found = _compare(connection, zones, tolerance, children > SAMPLE)
    # A number limits all zones of the release, so the result of a sample is extrapolated.
    scale = children / checked if checked and not allowed.percent else 1.0
    limit, number = allowed.count_allowed(checked), round(len(found) * scale)
    found.sort(key=lambda row: (-row["share"], row["id"]))
    figures = OutsideFigures(
        children=children,
        checked=checked,
        without_area=without_area,
        outside=len(found),
        generated=sum(row["generated"] for row in found),
        wholly=sum(row["share"] > 99.9 for row in found),
        worst=tuple(_describe_row(row) for row in found[:MAX_STORED]),
    )
    if number <= limit:
        return [], figures
    sampled = f", {checked} of {children} checked" if checked < children else ""
    head = (
        f"{'about ' if scale > 1 else ''}{number} zones extend more than {tolerance:g} % beyond their parent, "
        f"limit {limit}{f' ({allowed.number:g} %)' if allowed.percent else ''}{sampled}"
        + (f"; {figures.generated} of them generated" if figures.generated else "")
        + (f"; {figures.wholly} completely outside, like enclaves" if figures.wholly else "")
    )
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found:
        groups.setdefault((row["country"], row["type"]), []).append(row)
    most = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [head, *(_describe_group(*group) for group in most[:MAX_NAMED])], figures


def _compare(
    connection: psycopg.Connection, zones: sql.Identifier, tolerance: float, sampled: bool
) -> tuple[int, int, list[dict[str, Any]]]:
    """Return the number of checked zones, of those without area, and the rows of those beyond their parent."""
    began = time.monotonic()
    checked, without_area, after = 0, 0, (-1, -1)
    found: list[dict[str, Any]] = []
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        statements.set_search_path(connection, "pg_catalog", "pg_temp")
        cursor.execute(
            statements.read_statement(
                "checks/sample_children.sql",
                zones=zones,
                sample=sql.SQL("ORDER BY md5(child.id::text) LIMIT {}").format(sql.Literal(SAMPLE))
                if sampled
                else sql.SQL(""),
            )
        )
        while time.monotonic() - began < SECONDS:
            rows = cursor.execute(
                statements.read_statement("checks/outside.sql", zones=zones, limit=BATCH),
                {"parent": after[0], "id": after[1]},
            ).fetchall()
            if not rows:
                break
            after = (rows[-1]["parent"], rows[-1]["id"])
            checked += len(rows)
            heartbeat.beat("zones compared with their parents", checked)
            without_area += sum(row["share"] is None for row in rows)
            found += [row for row in rows if row["share"] is not None and row["share"] > tolerance]
        cursor.execute("DROP TABLE pg_temp.sampled_children")
    return checked, without_area, found


def _describe_row(row: dict[str, Any]) -> ZoneOutside:
    return ZoneOutside(**{name: row[name] for name in ZONE_COLUMNS}, percent=round(row["share"], 2))


def _describe_group(key: tuple[str, str], rows: list[dict[str, Any]]) -> str:
    some = "; ".join(
        f"{row['osm_id']} {row['name']} is {row['share']:.1f} % outside {row['parent_osm_id']} {row['parent_name']}"
        for row in rows[:3]
    )
    return f"country {key[0] or 'unknown'}, type {key[1] or 'unknown'}: {len(rows)} zones outside their parent: {some}"
