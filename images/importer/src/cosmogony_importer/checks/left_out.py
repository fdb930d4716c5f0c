# SPDX-License-Identifier: Apache-2.0
"""What the extractor left out of a release: named with the verdict, and compared with the live one to explain losses.

The tables come from the manifest. Manifests of earlier programs have none; then there is nothing to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from ..releases import catalog
from ..releases.catalog import Release

NO_POLYGON = ("broken_geometry", "no_area")  # named in any case, not only where more were left out than before
NAMED = 10  # objects of a note, and of a row of the comparison
NAMED_REASONS, NAMED_EACH = 3, 3  # of a country that lost zones: reasons, and objects of each
STORED = 50  # rows of the comparison that are kept with the verdict
COLUMNS = {"reason", "country_code", "count", "examples"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Growth:
    """More objects of a country were left out for a reason than in the live release."""

    country: str  # "" where none is known
    reason: str
    before: int
    after: int
    examples: list[str]

    @property
    def more(self) -> int:
        """How many more."""
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """What was left out, and what grew since the live release."""

    notes: list[str] = field(default_factory=list)  # which do not block
    growth: list[Growth] | None = None  # the most first; None where one of the two releases has no table
    figures: dict[str, Any] | None = None

    def explain(self, country: str) -> str:
        """Return the continuation of a message that a country lost zones in comparison with the live release."""
        if self.growth is None:
            return ""
        own = [growth for growth in self.growth if growth.country == country]
        grown = own or [growth for growth in self.growth if not growth.country]
        if not grown:
            return "; no more was left out than there"
        reasons = ", ".join(
            f"{growth.reason} +{growth.more} ({', '.join(growth.examples[:NAMED_EACH])})"
            for growth in grown[:NAMED_REASONS]
        )
        return f"; more was left out than there{'' if own else ', of no known country'}: {reasons}"


def read_table(manifest: Mapping[str, Any] | None, name: str) -> list[Row] | None:
    """Return the table `left_out` or `repaired` of a manifest; None if it has none."""
    table = (manifest or {}).get(name)
    if not isinstance(table, list):
        return None
    return [row for row in table if isinstance(row, dict) and row.keys() >= COLUMNS]


def count_by_reason(table: Iterable[Row]) -> dict[str, int]:
    """Count the objects of each reason."""
    counted: Counter[str] = Counter()
    for row in table:
        counted[row["reason"]] += row["count"]
    return dict(sorted(counted.items()))


def compare_left_out(connection: psycopg.Connection, release: Release, live: Release | None) -> Comparison:
    """Compare what was left out of two releases; without a live one there is no growth."""
    after = read_table(catalog.read_manifest(connection, release), "left_out")
    before = read_table(catalog.read_manifest(connection, live), "left_out") if live else None
    if after is None:
        return Comparison()
    growth = None if before is None else _find_growth(before, after)
    grown = [asdict(one) for one in (growth or [])[:STORED]]
    return Comparison(_make_notes(before, after), growth, {"by_reason": count_by_reason(after), "grown": grown})


def _make_notes(before: list[Row] | None, after: list[Row]) -> list[str]:
    notes, known = [], _list_examples(before or [])
    for reason in NO_POLYGON:
        if count := _count(found := _select_boundaries(after, reason)):
            had = "" if before is None else f", {_count(_select_boundaries(before, reason))} in the live release"
            named = _name_new_first(found, known)
            more = f" and {count - len(named)} more" if count > len(named) else ""
            notes.append(f"{count} left out as {reason}{had}: {', '.join(named)}{more}")
    return notes


def _select_boundaries(table: Iterable[Row], reason: str) -> list[Row]:
    """Return the rows of relations; a place without a polygon is no fault of the data."""
    return [row for row in table if row["reason"] == reason and row.get("place") is None]


def _find_growth(before: list[Row], after: list[Row]) -> list[Growth]:
    known, had = _list_examples(before), {key: _count(table) for key, table in _group_by_country(before).items()}
    growth = [
        Growth(*key, had.get(key, 0), _count(table), _name_new_first(table, known))
        for key, table in _group_by_country(after).items()
        if _count(table) > had.get(key, 0)
    ]
    return sorted(growth, key=lambda one: (-one.more, one.country, one.reason))


def _group_by_country(table: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Group the rows of all levels and places by country and reason."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in table:
        found.setdefault((row["country_code"] or "", row["reason"]), []).append(row)
    return found


def _count(table: Iterable[Row]) -> int:
    return sum(row["count"] for row in table)


def _list_examples(table: Iterable[Row]) -> dict[str, None]:
    return {osm_id: None for row in table for osm_id in row["examples"]}


def _name_new_first(table: Iterable[Row], known: Container[str]) -> list[str]:
    """Return at most `NAMED` examples of some rows, first those that the live release does not have."""
    return sorted(_list_examples(table), key=lambda osm_id: osm_id in known)[:NAMED]
