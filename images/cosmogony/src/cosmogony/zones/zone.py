# SPDX-License-Identifier: Apache-2.0
"""The zone that the extractor builds step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

import shapely

from ..geometry.areas import Area
from ..geometry.boxes import Box
from ..osm.reader import Node, Ways
from .zone_type import ZoneType


@dataclass(slots=True)
class Zone:
    """A zone; its geometry is an `area` of rings, a `shape` made by Voronoi, or missing in a bare record."""

    index: int
    osm_id: str
    name: str
    tags: dict[str, str]
    level: int | None = None
    type: ZoneType | None = None
    centre: Node | None = None
    centre_point: tuple[float, float] | None = None  # longitude and latitude of the centre, in degrees
    area: Area | None = None
    shape: shapely.MultiPolygon | None = None
    box: Box | None = None  # smallest and largest longitude and latitude, never across the antimeridian
    globe_box: Box | None = None  # the narrowest box; its west is greater than its east across the antimeridian
    size: float = 0.0  # area in square degrees
    country: str | None = None
    parent: int | None = None  # index of the parent zone
    wikidata: str | None = None
    generated: bool = False
    names: dict[str, str] = field(default_factory=dict)  # names in other languages, by language code
    zip_codes: list[str] = field(default_factory=list)

    @property
    def type_name(self) -> str:
        """The zone type as records have it, such as `city_district`; blank without a type."""
        return "" if self.type is None else self.type.record_name

    @property
    def has_geometry(self) -> bool:
        """Whether the zone has polygons; without them it is a bare record."""
        return self.box is not None

    def build_geometry(self, ways: Ways) -> shapely.MultiPolygon | None:
        """Return the shape, or polygons made of the area, or None without either.

        The polygons are made again at each call: keeping those of all zones would take most of the memory.
        """
        if self.shape is not None:
            return self.shape
        return self.area.build_polygons(ways) if self.area is not None and self.area.has_polygons else None
