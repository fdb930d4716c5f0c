# SPDX-License-Identifier: Apache-2.0
"""What merging keeps of a zone in memory."""

from __future__ import annotations

from dataclasses import dataclass

from ..files.recordfile import Record
from ..osm.country_codes import country_code
from ..zones.zone_type import BY_WORD, ZoneType


@dataclass(slots=True)
class Entry:
    """What must be known of a zone while the files are put together."""

    file: int
    id: int  # the new one
    osm_id: str
    type: ZoneType
    parent: int | None  # the new one
    country: str | None
    is_country: bool = False  # it has a country code
    box: tuple[float, float, float, float] | None = None  # west, south, east, north; never across the antimeridian
    area: float = 0.0  # square degrees
    kept: bool = True

    @property
    def bare(self) -> bool:
        return self.box is None


def entry_of(record: Record, file: int, offset: int) -> Entry:
    """The entry of a record of file number `file`, whose ids grow by `offset`."""
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
