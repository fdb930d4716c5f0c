# SPDX-License-Identifier: Apache-2.0
"""The part of a zone record that a merge keeps in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..files.recordfile import Record
from ..geometry.boxes import Box
from ..osm.country_codes import find_country_code
from ..zones.zone_type import TYPES_BY_WORD, ZoneType


@dataclass(slots=True)
class ZoneEntry:
    """A zone of one of the files that are merged, without geometry and names."""

    file: int  # position of its file among the merged files
    id: int  # id of the zone in the merged file
    osm_id: str
    type: ZoneType
    parent: int | None  # id of the parent in the merged file
    country: str | None
    is_country: bool = False  # whether its tags have the code of the country it is in
    box: Box | None = None  # bounding box in degrees, never across the antimeridian; None without geometry
    area: float = 0.0  # area of the geometry in square degrees
    kept: bool = True

    @property
    def lacks_geometry(self) -> bool:
        """Whether the zone has no geometry."""
        return self.box is None


def make_zone_entry(record: Record, file: int, offset: int) -> ZoneEntry:
    """Return the entry of a zone record, with new ids.

    Args:
        record: the zone.
        file: position of its file among the inputs.
        offset: what is added to its id and to that of its parent.
    """
    parent = record.get("parent")
    return ZoneEntry(
        file,
        record["id"] + offset,
        record["osm_id"],
        TYPES_BY_WORD[record["zone_type"]],
        None if parent is None else parent + offset,
        record.get("country_code"),
        find_country_code(record.get("tags") or {}) == record.get("country_code"),
    )


def get_type_of_parent(entry: ZoneEntry, by_id: Mapping[int, ZoneEntry]) -> int:
    """Return the type of the parent of a zone as a number, one above all types if it has no parent."""
    parent = None if entry.parent is None else by_id.get(entry.parent)
    return len(ZoneType) if parent is None else int(parent.type)
