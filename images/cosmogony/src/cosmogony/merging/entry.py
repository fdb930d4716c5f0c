# SPDX-License-Identifier: Apache-2.0
"""What a merge keeps of a zone in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..files.recordfile import Record
from ..geometry.boxes import Box
from ..osm.country_codes import find_country_code
from ..zones.zone_type import TYPES_BY_WORD, ZoneType


@dataclass(slots=True)
class ZoneEntry:
    """A zone of one of the files, without geometry and names."""

    file: int  # position among the inputs
    id: int  # the new id
    osm_id: str
    type: ZoneType
    parent: int | None  # the new id of the parent
    country: str | None
    is_country: bool = False  # whether its tags name the country
    box: Box | None = None  # in degrees, never across the antimeridian
    area: float = 0.0  # square degrees
    kept: bool = True

    @property
    def is_bare(self) -> bool:
        """Whether the zone has no geometry."""
        return self.box is None


def make_entry(record: Record, file: int, offset: int) -> ZoneEntry:
    """Make the entry of a record.

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


def find_parent_type(entry: ZoneEntry, by_id: Mapping[int, ZoneEntry]) -> int:
    """Return the zone type of the parent, a number above all types if there is no parent."""
    parent = None if entry.parent is None else by_id.get(entry.parent)
    return len(ZoneType) if parent is None else int(parent.type)
