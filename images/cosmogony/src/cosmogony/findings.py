# SPDX-License-Identifier: Apache-2.0
"""What was left out of the zones or repaired in them, counted by reason, country and level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypedDict

MAX_EXAMPLES = 10  # OSM ids that a row names


class LeftOut(StrEnum):
    """Why an OSM object, or a part of it, did not become a zone."""

    NO_RULE = "no_rule"  # the rules of its country have no type for its level
    NO_NAME = "no_name"  # no name, or nothing left of it
    NO_COUNTRY = "no_country"  # in no country that the rules know
    BROKEN_GEOMETRY = "broken_geometry"  # no valid polygon could be made
    NO_AREA = "no_area"  # its polygons have no area
    CUT_AT_EDGE = "cut_at_edge"  # members are missing in the extract
    PLACE_WITHOUT_ZONE = "place_without_zone"  # a place node that no zone was made for
    REPEATS_PARENT = "repeats_parent"  # the place node of the zone that contains it
    INVALID_CODE = "invalid_code"  # the admin_level is no number, or the ISO code is none


class Repair(StrEnum):
    """What was done to make a valid polygon out of the members of a relation."""

    ROLE = "role"  # a ring does not have the role that its place asks for
    REPEATED_MEMBER = "repeated_member"  # a member is there more than once
    RING_CLOSED = "ring_closed"  # ways meet in two nodes at one place
    SELF_CROSSING = "self_crossing"  # the border crossed or overlapped itself


class Row(TypedDict):
    """A line of a table of findings; relations have a level, place nodes a place."""

    reason: str
    country_code: str | None
    admin_level: int | None
    place: str | None
    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


class DisputedBoundaries(TypedDict):
    """Relations with boundary=disputed: they are counted, and are no zones."""

    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


_Key = tuple[str, str | None, int | None, str | None]


class Findings:
    """A table of findings that rows and single objects are added to."""

    def __init__(self) -> None:
        self._counts: dict[_Key, int] = {}
        self._examples: dict[_Key, list[str]] = {}

    def add(
        self,
        reason: LeftOut | Repair,
        osm_id: str,
        *,
        country_code: str | None = None,
        admin_level: int | None = None,
        place: str | None = None,
    ) -> None:
        """Count one object.

        Args:
            reason: why it is in the table.
            osm_id: the object, such as `relation:62273`.
            country_code: ISO 3166-1 alpha-2, None if it is in no known country.
            admin_level: of a relation.
            place: the tag of a place node.
        """
        self._add((str(reason), country_code, admin_level, place), 1, [osm_id])

    def add_rows(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Add the rows of another table.

        Raises:
            KeyError: a row lacks a column.
            TypeError: a count is no number, or the examples are no list.
        """
        for row in rows:
            key = (row["reason"], row["country_code"], row["admin_level"], row["place"])
            self._add(key, row["count"], row["examples"])  # type: ignore[arg-type]  # rows come from JSON

    def _add(self, key: _Key, count: int, osm_ids: list[str]) -> None:
        self._counts[key] = self._counts.get(key, 0) + count
        known = self._examples.setdefault(key, [])
        known += [osm_id for osm_id in osm_ids if osm_id not in known][: MAX_EXAMPLES - len(known)]

    def rows(self) -> list[Row]:
        """Return the table, ordered by reason, country, level and place."""
        return [
            Row(
                reason=key[0],
                country_code=key[1],
                admin_level=key[2],
                place=key[3],
                count=self._counts[key],
                examples=self._examples[key],
            )
            for key in sorted(self._counts, key=lambda key: (key[0], key[1] or "", key[2] or 0, key[3] or ""))
        ]
