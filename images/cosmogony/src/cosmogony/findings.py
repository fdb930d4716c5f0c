# SPDX-License-Identifier: Apache-2.0
"""What was left out of the zones or repaired in them, counted by reason, country and admin_level."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypedDict

MAX_EXAMPLES = 10  # OSM ids that a row names


class LeftOutReason(StrEnum):
    """Why an OSM object, or a part of it, did not become a zone."""

    NO_RULE = "no_rule"  # the rules of its country have no zone type for its admin_level
    NO_NAME = "no_name"  # no name, or nothing of it is visible
    NO_COUNTRY = "no_country"  # in no country that the rules know
    BROKEN_GEOMETRY = "broken_geometry"  # no valid polygon could be made
    NO_AREA = "no_area"  # its polygons have no area
    CUT_AT_EDGE = "cut_at_edge"  # members are missing from the extract
    PLACE_WITHOUT_ZONE = "place_without_zone"  # a place node that no zone was made for
    REPEATS_PARENT = "repeats_parent"  # the place node of the zone that contains it
    INVALID_CODE = "invalid_code"  # the admin_level is not a number, or the country code is not one


class Repair(StrEnum):
    """What was done to make a valid polygon out of the members of a relation."""

    ROLE = "role"  # a ring lies elsewhere than its role says
    REPEATED_MEMBER = "repeated_member"  # a way is a member more than once
    RING_CLOSED = "ring_closed"  # two ways end in different nodes at the same location
    SELF_CROSSING = "self_crossing"  # the border crossed or overlapped itself


class FindingCount(TypedDict):
    """A row of a table of findings; relations have an admin_level, place nodes a place."""

    reason: str
    country_code: str | None
    admin_level: int | None
    place: str | None
    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


class DisputedBoundaries(TypedDict):
    """Relations with boundary=disputed: they are counted, and are not zones."""

    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


class Findings:
    """A table of findings that single objects and rows of other tables are added to."""

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], FindingCount] = {}

    def add_object(
        self,
        reason: LeftOutReason | Repair,
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
        row = FindingCount(
            reason=str(reason),
            country_code=country_code,
            admin_level=admin_level,
            place=place,
            count=1,
            examples=[osm_id],
        )
        self.add_rows([row])

    def add_rows(self, rows: Iterable[FindingCount]) -> None:
        """Add the rows of another table.

        Raises:
            KeyError: a row lacks a column.
            TypeError: a count is not a number, or the examples are not a list.
        """
        for row in rows:
            key = (row["reason"], row["country_code"], row["admin_level"], row["place"])
            total = self._rows.setdefault(key, {**row, "count": 0, "examples": []})
            total["count"] += row["count"]
            examples = total["examples"]
            examples += [osm_id for osm_id in row["examples"] if osm_id not in examples][: MAX_EXAMPLES - len(examples)]

    def to_rows(self) -> list[FindingCount]:
        """Return the table, ordered by reason, country, admin_level and place."""
        return sorted(
            self._rows.values(),
            key=lambda row: (row["reason"], row["country_code"] or "", row["admin_level"] or 0, row["place"] or ""),
        )
