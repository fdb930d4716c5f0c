# SPDX-License-Identifier: Apache-2.0
"""A zone while it is being made."""

from __future__ import annotations

from dataclasses import dataclass, field

import shapely

from ..geometry.areas import Area
from ..geometry.boxes import Box
from ..osm.reader import Node, Ways
from .zone_type import ZoneType


@dataclass(slots=True)
class Zone:
    """A zone; its geometry is an assembled `area`, a ready `shape` (made by Voronoi), or missing."""

    index: int
    osm_id: str
    name: str
    tags: dict[str, str]
    level: int | None = None
    type: ZoneType | None = None
    centre: Node | None = None
    centre_point: tuple[float, float] | None = None  # longitude and latitude in degrees
    area: Area | None = None
    shape: shapely.MultiPolygon | None = None
    box: Box | None = None  # on the plane, from -180 to 180
    globe_box: Box | None = None  # west is greater than east across the antimeridian
    size: float = 0.0  # square degrees
    country: str | None = None
    parent: int | None = None  # its index
    wikidata: str | None = None
    generated: bool = False
    names: dict[str, str] = field(default_factory=dict)  # by language
    zip_codes: list[str] = field(default_factory=list)

    @property
    def type_word(self) -> str:
        """The type as in records."""
        return "" if self.type is None else self.type.word

    @property
    def has_geometry(self) -> bool:
        """Whether the zone is more than a bare record."""
        return self.box is not None

    def build_geometry(self, ways: Ways) -> shapely.MultiPolygon | None:
        """Build the geometry; keeping those of all zones would take most of the memory."""
        if self.shape is not None:
            return self.shape
        return self.area.build_polygons(ways) if self.area is not None and self.area.has_polygons else None
