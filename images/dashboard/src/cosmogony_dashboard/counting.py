# SPDX-License-Identifier: Apache-2.0
"""Count the descendants of the expected root zones."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cosmogony_steps.documents import CountStatus, Statistics

from .table import Expectation
from .zones import Zone


class Census:
    """Counts zones below others, from the parents and types of all. Of records with the same id the last one counts."""

    def __init__(self, zones: Iterable[Zone], root_ids: Iterable[str]) -> None:
        self._root_ids = frozenset(root_ids)
        self.zones = 0
        self._roots: dict[str, int] = {}
        self._countries: dict[int, Zone] = {}
        self._parents: dict[int, int | None] = {}
        self._types: dict[int, str | None] = {}
        for zone in zones:
            self.zones += 1
            self._parents[zone.id] = zone.parent
            self._types[zone.id] = sys.intern(zone.zone_type) if zone.zone_type else None
            if zone.wikidata in self._root_ids:
                self._roots[zone.wikidata] = zone.id
            if zone.zone_type == "country" and zone.country_code:
                self._countries[zone.id] = zone
        self._children: dict[int, list[int]] = defaultdict(list)
        for child, parent in self._parents.items():
            if parent is not None:
                self._children[parent].append(child)
        self._counted: dict[tuple[int, ...], Counter[str | None]] = {}

    def count_descendants(self, wikidata: str, country: str | None, zone_type: str) -> int | None:
        """Return how many zones of a type are below a root zone, at any depth; None if it is not among the zones.

        Args:
            wikidata: id of the root zone.
            country: its country code; where no zone has the Wikidata id, the country zones with this code are the root.
            zone_type: of the zones to count.
        """
        roots = self._find_roots(wikidata, country)
        if not roots:
            return None
        if roots not in self._counted:
            self._counted[roots] = self._count(roots)
        return self._counted[roots][zone_type]

    def _find_roots(self, wikidata: str, country: str | None) -> tuple[int, ...]:
        if wikidata in self._roots:
            return (self._roots[wikidata],)
        found = [zone for zone in self._countries.values() if zone.country_code == country]
        own = [zone for zone in found if zone.wikidata not in self._root_ids]  # not the root of another expected count
        return tuple(zone.id for zone in own or found)

    def _count(self, roots: tuple[int, ...]) -> Counter[str | None]:
        """Count descendants by type; each zone is visited once, so cycles of parents do no harm."""
        seen = set(roots)
        waiting = list(roots)
        types: Counter[str | None] = Counter()
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
                    types[self._types[child]] += 1
        return types


def compare_counts(zones: Iterable[Zone], expectations: Sequence[Expectation]) -> Statistics:
    """Compare the numbers of zones with the expected counts; return the results in the same order."""
    census = Census(zones, (row.wikidata for row in expectations))
    return Statistics(
        tuple(row.compare(census.count_descendants(row.wikidata, row.country, row.zone_type)) for row in expectations)
    )


def count_by_status(statistics: Statistics) -> dict[CountStatus, int]:
    """Return how many expected counts have each status: ok, ko, skip."""
    return {status: statistics.count_with_status(status) for status in CountStatus}


def describe_counts(counts: Mapping[CountStatus, int]) -> str:
    """Return the numbers of expected counts by status as one line of text."""
    ok, ko, skipped = (counts[status] for status in (CountStatus.OK, CountStatus.KO, CountStatus.SKIP))
    return f"{ok} ok, {ko} ko, {skipped} skipped (their root zone is not in the data)"
