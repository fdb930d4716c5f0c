# SPDX-License-Identifier: Apache-2.0
"""What the extractor left out of a release: named with the verdict, and compared with the live one for lost zones.

The tables come from the manifest; one of an earlier program has none, and then nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
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
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """What grew since the live release, the most first; None where one of the two has no table."""

    growth: list[Growth] | None = None

    def explain(self, country: str) -> str:
        """Continues the message that a country lost zones, those of the live release being named in it."""
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


def rows(manifest: Mapping[str, Any] | None, name: str) -> list[Row] | None:
    """The table `left_out` or `repaired` of a manifest, None if it has none."""
    table = (manifest or {}).get(name)
    if not isinstance(table, list):
        return None
    return [row for row in table if isinstance(row, dict) and row.keys() >= COLUMNS]


def by_reason(table: Iterable[Row]) -> dict[str, int]:
    """How many objects each reason has."""
    counted: Counter[str] = Counter()
    for row in table:
        counted[row["reason"]] += row["count"]
    return dict(sorted(counted.items()))


def check(
    connection: psycopg.Connection, release: Release, live: Release | None
) -> tuple[list[str], Comparison, dict[str, Any] | None]:
    """Notes, which do not block, the comparison with the live release, and figures."""
    after, before = _table(connection, release), _table(connection, live) if live else None
    if after is None:
        return [], Comparison(), None
    comparison = Comparison() if before is None else Comparison(_growth(before, after))
    grown = [asdict(growth) for growth in (comparison.growth or [])[:STORED]]
    return _notes(before, after), comparison, {"by_reason": by_reason(after), "grown": grown}


def _table(connection: psycopg.Connection, release: Release) -> list[Row] | None:
    manifest = catalog.document(connection, release.schema_name, "manifest")
    return rows(manifest, "left_out") if isinstance(manifest, dict) else None


def _notes(before: list[Row] | None, after: list[Row]) -> list[str]:
    notes, known = [], _examples(before or [])
    for reason in NO_POLYGON:
        if count := _count(found := _boundaries(after, reason)):
            had = "" if before is None else f", {_count(_boundaries(before, reason))} in the live release"
            named = _new_first(found, known)
            more = f" and {count - len(named)} more" if count > len(named) else ""
            notes.append(f"{count} left out as {reason}{had}: {', '.join(named)}{more}")
    return notes


def _boundaries(table: Iterable[Row], reason: str) -> list[Row]:
    """The rows of relations; a place without a polygon is no fault of the data."""
    return [row for row in table if row["reason"] == reason and row.get("place") is None]


def _growth(before: list[Row], after: list[Row]) -> list[Growth]:
    known, had = _examples(before), {key: _count(table) for key, table in _by_country(before).items()}
    growth = [
        Growth(*key, had.get(key, 0), _count(table), _new_first(table, known))
        for key, table in _by_country(after).items()
        if _count(table) > had.get(key, 0)
    ]
    return sorted(growth, key=lambda one: (-one.more, one.country, one.reason))


def _by_country(table: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """The rows of all levels and places by country and reason."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in table:
        found.setdefault((row["country_code"] or "", row["reason"]), []).append(row)
    return found


def _count(table: Iterable[Row]) -> int:
    return sum(row["count"] for row in table)


def _examples(table: Iterable[Row]) -> dict[str, None]:
    return {osm_id: None for row in table for osm_id in row["examples"]}


def _new_first(table: Iterable[Row], known: Container[str]) -> list[str]:
    """At most `NAMED` examples of some rows, those that the live release does not name first."""
    return sorted(_examples(table), key=lambda osm_id: osm_id in known)[:NAMED]
