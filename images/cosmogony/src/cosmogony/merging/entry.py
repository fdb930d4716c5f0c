# SPDX-License-Identifier: Apache-2.0
"""What merging keeps of a zone in memory."""

from __future__ import annotations

from dataclasses import dataclass

from ..files.recordfile import Record
from ..geometry.boxes import Box
from ..osm.country_codes import country_code
from ..zones.zone_type import BY_WORD, ZoneType


@dataclass(slots=True)
class Entry:
    """A zone of one of the files, without geometry and names."""

    file: int
    id: int  # the new one
    osm_id: str
    type: ZoneType
    parent: int | None  # the new one
    country: str | None
    is_country: bool = False  # it has a country code
    box: Box | None = None  # in degrees, never across the antimeridian
    area: float = 0.0  # square degrees
    kept: bool = True

    @property
    def bare(self) -> bool:
        """Whether the zone has no geometry."""
        return self.box is None


def entry_of(record: Record, file: int, offset: int) -> Entry:
    """Return the entry of a record.

    Args:
        record: the zone.
        file: position of its file among the inputs.
        offset: what its id, and that of its parent, grow by.
    """
    parent = record.get("parent")
    return Entry(
        file,
        record["id"] + offset,
        record["osm_id"],
        BY_WORD[record["zone_type"]],
        None if parent is None else parent + offset,
        record.get("country_code"),
        country_code(record.get("tags") or {}) == record.get("country_code"),
    )
