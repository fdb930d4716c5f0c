# SPDX-License-Identifier: Apache-2.0
"""Tables of the OSM objects that were left out or repaired, counted by reason, country and admin_level or place."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TypedDict

MAX_EXAMPLES = 10  # most OSM ids in a list of examples; counts have no limit


class LeftOutReason(StrEnum):
    """The reasons why an OSM object, or a part of it, did not become a zone."""

    NO_RULE = "no_rule"  # the boundary rules of its country have no zone type for its admin_level
    NO_NAME = "no_name"  # it has no name, or one without a visible character
    NO_COUNTRY = "no_country"  # it lies in no country that the boundary rules know
    BROKEN_GEOMETRY = "broken_geometry"  # no valid polygon could be made of its members, or only of some
    NO_AREA = "no_area"  # its polygon is flat or empty: it has no area
    CUT_AT_EDGE = "cut_at_edge"  # some members of the relation are not in the extract
    PLACE_WITHOUT_ZONE = "place_without_zone"  # a place node that no zone represents
    REPEATS_PARENT = "repeats_parent"  # a place node of the same place as the zone that contains it
    INVALID_CODE = "invalid_code"  # its admin_level is not a number, or its country code not two letters


class RepairKind(StrEnum):
    """The kinds of repair that make a valid polygon out of the members of a relation."""

    ROLE = "role"  # a ring of inner members is an outer ring, or the reverse; or the role is unknown
    REPEATED_MEMBER = "repeated_member"  # a way or ring occurs more than once and is used once
    RING_CLOSED = "ring_closed"  # ways are joined that end in different nodes at the same location
    SELF_CROSSING = "self_crossing"  # the border crossed or overlapped itself and was made valid


class FindingCount(TypedDict):
    """A row of `FindingTable`: the number of objects with a reason, country, and admin_level (relations) or place."""

    reason: str
    country_code: str | None
    admin_level: int | None
    place: str | None
    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


class DisputedBoundaries(TypedDict):
    """The number of relations with boundary=disputed, which never become zones, and the first of them."""

    count: int
    examples: list[str]  # at most `MAX_EXAMPLES` OSM ids


class FindingTable:
    """A table that counts OSM objects by reason, country, and admin_level or place; each row is a `FindingCount`."""

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], FindingCount] = {}

    def count_object(
        self,
        reason: LeftOutReason | RepairKind,
        osm_id: str,
        *,
        country_code: str | None = None,
        admin_level: int | None = None,
        place: str | None = None,
    ) -> None:
        """Count one OSM object in the row of its reason, country, and admin_level or place.

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
        """Add the counts and examples of another table to those of this one.

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
        """Return the rows of the table, ordered by reason, country, admin_level and place."""
        return sorted(
            self._rows.values(),
            key=lambda row: (row["reason"], row["country_code"] or "", row["admin_level"] or 0, row["place"] or ""),
        )
