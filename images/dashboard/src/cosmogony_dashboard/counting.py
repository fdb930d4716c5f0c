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
        root_ids = set(root_ids)
        self.zones = 0
        self._roots: dict[str, int] = {}
        self._parents: dict[int, int | None] = {}
        self._types: dict[int, str | None] = {}
        for zone in zones:
            self.zones += 1
            self._parents[zone.id] = zone.parent
            self._types[zone.id] = sys.intern(zone.zone_type) if zone.zone_type else None
            if zone.wikidata in root_ids:
                self._roots[zone.wikidata] = zone.id
        self._children: dict[int, list[int]] = defaultdict(list)
        for child, parent in self._parents.items():
            if parent is not None:
                self._children[parent].append(child)
        self._counted: dict[int, Counter[str | None]] = {}

    def count_descendants(self, wikidata: str, zone_type: str) -> int | None:
        """Return how many zones of a type are below the zone with a Wikidata id, at any depth; None without it."""
        root = self._roots.get(wikidata)
        if root is None:
            return None
        if root not in self._counted:
            self._counted[root] = self._count(root)
        return self._counted[root][zone_type]

    def _count(self, root: int) -> Counter[str | None]:
        """Count descendants by type; each zone is visited once, so cycles of parents do no harm."""
        seen = {root}
        waiting = [root]
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
    return Statistics(tuple(row.compare(census.count_descendants(row.wikidata, row.zone_type)) for row in expectations))


def count_by_status(statistics: Statistics) -> dict[CountStatus, int]:
    """Return how many expected counts have each status: ok, ko, skip."""
    return {status: statistics.count_with_status(status) for status in CountStatus}


def describe_counts(counts: Mapping[CountStatus, int]) -> str:
    """Return the numbers of expected counts by status as one line of text."""
    ok, ko, skipped = (counts[status] for status in (CountStatus.OK, CountStatus.KO, CountStatus.SKIP))
    return f"{ok} ok, {ko} ko, {skipped} skipped (their root zone is not in the data)"
