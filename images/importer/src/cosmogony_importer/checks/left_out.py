# SPDX-License-Identifier: Apache-2.0
"""What the extractor left out of a release: named with the verdict, and compared with the live one to explain losses.

The tables come from the manifest. Manifests of earlier programs have none; then there is nothing to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

import psycopg
from cosmogony_steps.documents import FindingRow, LeftOutFigures, LeftOutGrowth

from ..releases import catalog
from ..releases.catalog import Release

NO_POLYGON = ("broken_geometry", "no_area")  # named in any case, not only where more were left out than before
MAX_NAMED = 10  # objects of a note, and of a row of the comparison
MAX_REASONS, MAX_EXAMPLES = 3, 3  # of a country that lost zones: reasons, and objects of each
MAX_STORED = 50  # rows of the comparison that are kept with the verdict


@dataclass(frozen=True)
class Comparison:
    """What was left out, and what grew since the live release."""

    notes: list[str] = field(default_factory=list)  # which do not block
    growth: list[LeftOutGrowth] | None = None  # the most first; None where one of the two releases has no table
    figures: LeftOutFigures | None = None

    def explain(self, country: str) -> str:
        """Return the continuation of a message that a country lost zones in comparison with the live release."""
        if self.growth is None:
            return ""
        own = [growth for growth in self.growth if growth.country == country]
        grown = own or [growth for growth in self.growth if not growth.country]
        if not grown:
            return "; no more was left out than there"
        reasons = ", ".join(
            f"{growth.reason} +{_count_more(growth)} ({', '.join(growth.examples[:MAX_EXAMPLES])})"
            for growth in grown[:MAX_REASONS]
        )
        return f"; more was left out than there{'' if own else ', of no known country'}: {reasons}"


def count_by_reason(table: Iterable[FindingRow]) -> dict[str, int]:
    """Count the objects of each reason."""
    counted: Counter[str] = Counter()
    for row in table:
        counted[row.reason] += row.count
    return dict(sorted(counted.items()))


def compare_left_out(connection: psycopg.Connection, release: Release, live: Release | None) -> Comparison:
    """Compare what was left out of two releases; without a live one there is no growth."""
    after = catalog.read_manifest(connection, release).left_out
    before = catalog.read_manifest(connection, live).left_out if live else None
    if after is None:
        return Comparison()
    growth = None if before is None else _find_growth(before, after)
    figures = LeftOutFigures(by_reason=count_by_reason(after), grown=tuple((growth or [])[:MAX_STORED]))
    return Comparison(_make_notes(before, after), growth, figures)


def _make_notes(before: Sequence[FindingRow] | None, after: Sequence[FindingRow]) -> list[str]:
    notes, known = [], _list_examples(before or [])
    for reason in NO_POLYGON:
        if count := _count(found := _select_boundaries(after, reason)):
            had = "" if before is None else f", {_count(_select_boundaries(before, reason))} in the live release"
            named = _name_new_first(found, known)
            more = f" and {count - len(named)} more" if count > len(named) else ""
            notes.append(f"{count} left out as {reason}{had}: {', '.join(named)}{more}")
    return notes


def _select_boundaries(table: Iterable[FindingRow], reason: str) -> list[FindingRow]:
    """Return the rows of relations; a place without a polygon is not a fault of the data."""
    return [row for row in table if row.reason == reason and row.place is None]


def _find_growth(before: Sequence[FindingRow], after: Sequence[FindingRow]) -> list[LeftOutGrowth]:
    known, had = _list_examples(before), {key: _count(table) for key, table in _group_by_country(before).items()}
    growth = [
        LeftOutGrowth(
            country=key[0],
            reason=key[1],
            before=had.get(key, 0),
            after=_count(table),
            examples=tuple(_name_new_first(table, known)),
        )
        for key, table in _group_by_country(after).items()
        if _count(table) > had.get(key, 0)
    ]
    return sorted(growth, key=lambda one: (-_count_more(one), one.country, one.reason))


def _group_by_country(table: Iterable[FindingRow]) -> dict[tuple[str, str], list[FindingRow]]:
    """Group the rows of all levels and places by country and reason."""
    found: dict[tuple[str, str], list[FindingRow]] = {}
    for row in table:
        found.setdefault((row.country_code or "", row.reason), []).append(row)
    return found


def _count_more(growth: LeftOutGrowth) -> int:
    return growth.after - growth.before


def _count(table: Iterable[FindingRow]) -> int:
    return sum(row.count for row in table)


def _list_examples(table: Iterable[FindingRow]) -> dict[str, None]:
    return {osm_id: None for row in table for osm_id in row.examples}


def _name_new_first(table: Iterable[FindingRow], known: Container[str]) -> list[str]:
    """Return at most `MAX_NAMED` examples of some rows, first those that the live release does not have."""
    return sorted(_list_examples(table), key=lambda osm_id: osm_id in known)[:MAX_NAMED]
