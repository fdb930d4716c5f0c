# SPDX-License-Identifier: Apache-2.0
"""Counts the descendants of the expected root zones."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cosmogony_steps.documents import CountStatus, Statistics

from .table import Expectation
from .zones import Zone


class Census:
    """Parents and types of all zones; of repeated ids and wikidata ids the last record counts."""

    def __init__(self, zones: Iterable[Zone], wanted: Iterable[str]) -> None:
        wanted = set(wanted)
        self.zones = 0
        self._roots: dict[str, int] = {}
        self._parents: dict[int, int | None] = {}
        self._types: dict[int, str | None] = {}
        for zone in zones:
            self.zones += 1
            self._parents[zone.id] = zone.parent
            self._types[zone.id] = sys.intern(zone.zone_type) if zone.zone_type else None
            if zone.wikidata in wanted:
                self._roots[zone.wikidata] = zone.id
        self._children: dict[int, list[int]] = defaultdict(list)
        for child, parent in self._parents.items():
            if parent is not None:
                self._children[parent].append(child)
        self._counted: dict[int, Counter[str | None]] = {}

    def total(self, wikidata: str, zone_type: str) -> int | None:
        """Descendants of that type at any depth, the root left out; None without such a root."""
        root = self._roots.get(wikidata)
        if root is None:
            return None
        if root not in self._counted:
            self._counted[root] = self._count(root)
        return self._counted[root][zone_type]

    def _count(self, root: int) -> Counter[str | None]:
        """Every zone is visited once, so a cycle of parents ends."""
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


def results(zones: Iterable[Zone], expectations: Sequence[Expectation]) -> Statistics:
    """Compare zones with each row of the table, in its order."""
    census = Census(zones, (row.wikidata for row in expectations))
    return Statistics(tuple(row.compare(census.total(row.wikidata, row.zone_type)) for row in expectations))


def summary(statistics: Statistics) -> dict[CountStatus, int]:
    """Return how many rows have each status."""
    return {status: statistics.count(status) for status in CountStatus}


def describe(counts: Mapping[CountStatus, int]) -> str:
    """Say in a line how many rows have each status."""
    ok, ko, skipped = (counts[status] for status in (CountStatus.OK, CountStatus.KO, CountStatus.SKIP))
    return f"{ok} ok, {ko} ko, {skipped} skipped (their root zone is not in the data)"
