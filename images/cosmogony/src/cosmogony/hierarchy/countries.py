# SPDX-License-Identifier: Apache-2.0
"""Which country a place is in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from ..arrays import Points
from ..osm.reader import Ways
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType


class Countries:
    """Finds the country that a point is in, among the zones that are countries."""

    def __init__(self, zones: Sequence[Zone], ways: Ways) -> None:
        found = [z for z in zones if z.type == ZoneType.COUNTRY and z.country is not None and z.has_geometry]
        self._codes = [z.country for z in found]
        self._zones = found
        self._ways = ways
        self._shapes: dict[int, shapely.MultiPolygon | None] = {}
        self._boxes = [z.box for z in found if z.box is not None]
        box = np.array(self._boxes, dtype=np.float64).reshape(-1, 4)
        self._low, self._high = box[:, :2], box[:, 2:]

    def code_at(self, points: Points) -> str | None:
        """Return the first country that one of the points is inside, not on its border.

        Args:
            points: of shape (n, 2), in degrees.
        """
        if not len(points):
            return None
        (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        for number, box in enumerate(self._boxes):
            near = box[0] <= east and box[1] <= north and box[2] >= west and box[3] >= south
            if near and shapely.contains_xy(self._shape(number), points[:, 0], points[:, 1]).any():
                return self._codes[number]
        return None

    def codes_at(self, points: Points) -> list[str | None]:
        """Return for each point the first country that it is inside, not on its border.

        Args:
            points: of shape (n, 2), in degrees.
        """
        found: list[str | None] = [None] * len(points)
        if not len(points):
            return found
        near = np.all(self._low <= points.max(axis=0), axis=1) & np.all(self._high >= points.min(axis=0), axis=1)
        for number in np.flatnonzero(near).tolist():
            inside = np.all((points >= self._low[number]) & (points <= self._high[number]), axis=1)
            inside[inside] = shapely.contains_xy(self._shape(number), *points[inside].T)
            for position in np.flatnonzero(inside).tolist():
                found[position] = found[position] or self._codes[number]
        return found

    def _shape(self, number: int) -> shapely.MultiPolygon | None:
        if number not in self._shapes:
            self._shapes[number] = self._zones[number].geometry(self._ways)
            shapely.prepare(self._shapes[number])
        return self._shapes[number]
