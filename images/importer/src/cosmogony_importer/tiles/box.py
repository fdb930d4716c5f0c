# SPDX-License-Identifier: Apache-2.0
"""A box on the map, and the tiles in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from psycopg import sql

MAP_WIDTH = 40075016.685578488  # metres around the equator, which is the side of the map in web mercator
MAX_LATITUDE = 85.05112877980659  # degrees, at the upper side of the map in web mercator


@dataclass(frozen=True)
class Box:
    """A box in degrees on the map; west is greater than east if it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Box:
        """Parse the text west,south,east,north in degrees; latitudes outside of the map are cut off.

        Raises:
            ValueError: the text is not a box.
        """
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise ValueError(f"{text!r} is not a box; give west,south,east,north like 5.9,45.8,10.5,47.8") from None
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
            raise ValueError(f"{text!r} is not a box; wanted degrees, west,south,east,north, with south below north")
        return cls(west, max(south, -MAX_LATITUDE), east, min(north, MAX_LATITUDE))

    def to_x_ranges(self) -> list[tuple[float, float]]:
        """Return west and east of the box as fractions of the map's width; two pairs across the antimeridian."""
        west, east = (longitude / 360 + 0.5 for longitude in (self.west, self.east))
        return [(west, east)] if west < east else [(west, 1.0), (0.0, east)]

    def to_y_range(self) -> tuple[float, float]:
        """Return north and south of the box as fractions of the map's height, from the north."""
        north, south = (0.5 - math.asinh(math.tan(math.radians(at))) / (2 * math.pi) for at in (self.north, self.south))
        return max(0.0, north), min(1.0, south)

    def to_envelope_array(self) -> sql.Composed:
        """Return the box as an SQL array of rectangles in web mercator, two across the antimeridian."""
        north, south = self.to_y_range()
        return sql.SQL("ARRAY[{}]").format(
            sql.SQL(", ").join(
                sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, 3857)").format(
                    *((fraction - 0.5) * MAP_WIDTH for fraction in (west, 1 - south, east, 1 - north))
                )
                for west, east in self.to_x_ranges()
            )
        )

    def to_tile_condition(self, zoom: int) -> sql.Composed:
        """Return SQL that is true if the tile `child` (x, y) lies in the box; one that only touches it does not."""

        def is_between(axis: str, low: float, high: float) -> sql.Composed:
            first = math.floor(low * 2**zoom)
            last = max(first, math.ceil(high * 2**zoom) - 1)
            return sql.SQL("child.{} BETWEEN {} AND {}").format(sql.Identifier(axis), first, last)

        columns = sql.SQL(" OR ").join(is_between("x", *ends) for ends in self.to_x_ranges())
        return sql.SQL("({}) AND {}").format(columns, is_between("y", *self.to_y_range()))


EVERYWHERE = Box(-180, -MAX_LATITUDE, 180, MAX_LATITUDE)
