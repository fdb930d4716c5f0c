# SPDX-License-Identifier: Apache-2.0
"""Find the country that a point lies in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from ..array_types import Bools, Points
from ..osm.reader import Ways
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType


class CountryLocator:
    """Finds the country code of points, from the zones that are countries."""

    def __init__(self, zones: Sequence[Zone], ways: Ways) -> None:
        found = [z for z in zones if z.type == ZoneType.COUNTRY and z.country is not None and z.has_geometry]
        self._codes = [z.country for z in found]
        self._zones = found
        self._ways = ways
        self._shapes: dict[int, shapely.MultiPolygon | None] = {}
        self._boxes = np.array([zone.box for zone in found], dtype=np.float64).reshape(-1, 4)

    def find_country_of_any_point(self, points: Points) -> str | None:
        """Return the code of the first country that has any of the points inside, not on its border; None without one.

        Args:
            points: of shape (n, 2), in degrees.
        """
        return next((self._codes[number] for number, inside in self._find_inside(points) if inside.any()), None)

    def find_country_of_each_point(self, points: Points) -> list[str | None]:
        """Return for each point the code of the first country that has it inside, not on its border, otherwise None.

        Args:
            points: of shape (n, 2), in degrees.
        """
        found: list[str | None] = [None] * len(points)
        for number, inside in self._find_inside(points):
            for position in np.flatnonzero(inside).tolist():
                found[position] = found[position] or self._codes[number]
        return found

    def _find_inside(self, points: Points) -> Iterator[tuple[int, Bools]]:
        """Yield each country near the points, as its position in the list, and whether each point is inside it."""
        if not len(points):
            return
        low, high = self._boxes[:, :2], self._boxes[:, 2:]
        near = np.all(low <= points.max(axis=0), axis=1) & np.all(high >= points.min(axis=0), axis=1)
        for number in np.flatnonzero(near).tolist():
            inside = np.all((points >= low[number]) & (points <= high[number]), axis=1)
            inside[inside] = shapely.contains_xy(self._build_shape(number), *points[inside].T)
            yield number, inside

    def _build_shape(self, number: int) -> shapely.MultiPolygon | None:
        if number not in self._shapes:
            self._shapes[number] = self._zones[number].build_geometry(self._ways)
            shapely.prepare(self._shapes[number])
        return self._shapes[number]
