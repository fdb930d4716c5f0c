# SPDX-License-Identifier: Apache-2.0
"""Compare what the extractor left out of two releases, to explain losses.

The tables are part of the manifests; those of earlier versions have none, and nothing is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

import psycopg
from cosmogony_steps.documents import FindingRow, LeftOutFigures, LeftOutGrowth

from ..releases import catalog
from ..releases.catalog import Release

NO_POLYGON = ("broken_geometry", "no_area")  # reasons that are always noted, not only if there are more than before
MAX_NAMED = 10  # objects that a note, or a row of the comparison, names
MAX_REASONS, MAX_EXAMPLES = 3, 3  # that a finding names for a country: reasons, and objects per reason
MAX_STORED = 50  # rows of the comparison that the report of the gate lists


@dataclass(frozen=True)
class LeftOutComparison:
    """The objects that the extractor left out of a release, compared with those of the live release."""

    notes: list[str] = field(default_factory=list)  # for the report; they do not block the release
    growth: list[LeftOutGrowth] | None = None  # the largest first; None if one release has no table of left-out objects
    figures: LeftOutFigures | None = None

    def explain_loss(self, country: str) -> str:
        """Return the end of the finding that a country lost zones: of which objects more were left out, and why."""
        if self.growth is None:
            return ""
        own = [growth for growth in self.growth if growth.country == country]
        grown = own or [growth for growth in self.growth if not growth.country]
        if not grown:
            return "; not more was left out than in it"
        reasons = ", ".join(
            f"{growth.reason} +{_count_more(growth)} ({', '.join(growth.examples[:MAX_EXAMPLES])})"
            for growth in grown[:MAX_REASONS]
        )
        return f"; more was left out than in it{'' if own else ', of no known country'}: {reasons}"


def count_by_reason(table: Iterable[FindingRow]) -> dict[str, int]:
    """Return how many objects were left out for each reason."""
    counted: Counter[str] = Counter()
    for row in table:
        counted[row.reason] += row.count
    return dict(sorted(counted.items()))


def compare_left_out(connection: psycopg.Connection, release: Release, live: Release | None) -> LeftOutComparison:
    """Compare what was left out of two releases; without a live one growth is None."""
    after = catalog.read_manifest(connection, release).left_out
    before = catalog.read_manifest(connection, live).left_out if live else None
    if after is None:
        return LeftOutComparison()
    growth = None if before is None else _find_growth(before, after)
    figures = LeftOutFigures(by_reason=count_by_reason(after), grown=tuple((growth or [])[:MAX_STORED]))
    return LeftOutComparison(_make_notes(before, after), growth, figures)


def _make_notes(before: Sequence[FindingRow] | None, after: Sequence[FindingRow]) -> list[str]:
    notes, known = [], _list_examples(before or [])
    for reason in NO_POLYGON:
        if count := _count(found := _select_boundaries(after, reason)):
            had = "" if before is None else f", {_count(_select_boundaries(before, reason))} in the live release"
            named = _select_examples(found, known)
            more = f" and {count - len(named)} more" if count > len(named) else ""
            notes.append(f"{count} left out as {reason}{had}: {', '.join(named)}{more}")
    return notes


def _select_boundaries(table: Iterable[FindingRow], reason: str) -> list[FindingRow]:
    """Return the rows of relations with a reason; a place without a polygon is not an error of the data."""
    return [row for row in table if row.reason == reason and row.place is None]


def _find_growth(before: Sequence[FindingRow], after: Sequence[FindingRow]) -> list[LeftOutGrowth]:
    known, had = _list_examples(before), {key: _count(table) for key, table in _group_by_country(before).items()}
    growth = [
        LeftOutGrowth(
            country=key[0],
            reason=key[1],
            before=had.get(key, 0),
            after=_count(table),
            examples=tuple(_select_examples(table, known)),
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


def _select_examples(table: Iterable[FindingRow], known: Container[str]) -> list[str]:
    """Return at most `MAX_NAMED` OSM ids as examples, those first that are not in `known`."""
    return sorted(_list_examples(table), key=lambda osm_id: osm_id in known)[:MAX_NAMED]
