# SPDX-License-Identifier: Apache-2.0
"""GeoJSON geometries of zones as arrays, and what makes one fit for a zone: a polygon, or several, with an area.

Needs numpy and shapely only. Coordinates are longitudes and latitudes in degrees; areas are in square degrees.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

LEAST_AREA = 1e-11  # 0.1 m² at the equator; what rounding makes of points on one line is smaller

_LIMITS = (180.0, 90.0)
_SHORTEST_RING = 4
_GENERATED = "node:"
_NESTING = "its coordinates are not nested as those of its type"


class InvalidGeometry(ValueError):
    """Says what is wrong with the geometry of a zone."""


class Coordinates(NamedTuple):
    """A polygon or several: closed rings of four positions or more, the outer ring of each polygon first."""

    points: NDArray[np.float64]  # (positions, 2), ring after ring
    parts: list[list[int]]  # number of positions of each ring of each polygon

    @property
    def ring_sizes(self) -> NDArray[np.int64]:
        """Number of positions of each ring."""
        return np.fromiter(chain.from_iterable(self.parts), dtype=np.int64)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all positions; never across the antimeridian."""
        x, y = self.points.T  # numpy is slow along the short axis of an array
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def read(geometry: Any) -> Coordinates:
    """The coordinates of a GeoJSON Polygon or MultiPolygon without their heights; else raises `InvalidGeometry`."""
    if not isinstance(geometry, dict):
        raise InvalidGeometry("its geometry is no GeoJSON object")
    kind, nested = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise InvalidGeometry(f"its geometry is of type {kind!r}, wanted 'Polygon' or 'MultiPolygon'")
    polygons = _members([nested]) if kind == "MultiPolygon" else [nested]
    rings = _members(polygons)
    positions = _members(rings)
    parts = [list(map(len, polygon)) for polygon in polygons]
    if not all(parts):
        raise InvalidGeometry("one of its polygons has no ring")
    coordinates = Coordinates(_points(positions), parts)
    _check_rings(coordinates)
    return coordinates


def _members(lists: list[Any]) -> list[Any]:
    """What these lists hold, one level less of nesting."""
    if set(map(type, lists)) != {list}:
        raise InvalidGeometry(_NESTING)
    if not (members := list(chain.from_iterable(lists))):
        raise InvalidGeometry("its geometry is empty")
    return members


def _points(positions: list[Any]) -> NDArray[np.float64]:
    try:
        numbers, lengths = list(chain.from_iterable(positions)), set(map(len, positions))
    except TypeError:
        raise InvalidGeometry(_NESTING) from None
    if not lengths <= {2, 3}:
        raise InvalidGeometry("a position has neither two nor three numbers")
    if not set(map(type, numbers)) <= {int, float}:
        raise InvalidGeometry("a coordinate is no number")
    try:
        if lengths != {2}:
            if not all(map(math.isfinite, numbers)):
                raise InvalidGeometry("a coordinate is no finite number")
            numbers = [number for position in positions for number in position[:2]]
        points = np.array(numbers, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        raise InvalidGeometry("a coordinate is too large a number") from None
    x, y = points.T
    if not (max(x.max(), -x.min()) <= _LIMITS[0] and max(y.max(), -y.min()) <= _LIMITS[1]):  # NaN is not
        outside = points[~(np.abs(points) <= _LIMITS).all(axis=1)][0]
        raise InvalidGeometry(f"{_shown(outside)} lies beyond 180 degrees of longitude or 90 of latitude")
    return points


def _check_rings(coordinates: Coordinates) -> None:
    points, sizes = coordinates.points, coordinates.ring_sizes
    if sizes.min() < _SHORTEST_RING:
        raise InvalidGeometry(f"a ring has {sizes.min()} positions, wanted {_SHORTEST_RING} or more")
    ends = np.cumsum(sizes)
    first, last = points[ends - sizes], points[ends - 1]
    closed = (first == last).all(axis=1)
    if not closed.all():
        raise InvalidGeometry(
            f"a ring is not closed: it begins at {_shown(first[~closed][0])} and ends at {_shown(last[~closed][0])}"
        )


def _shown(point: NDArray[np.float64]) -> str:
    return f"[{point[0]:.10g}, {point[1]:.10g}]"


def area(coordinates: Coordinates) -> float:
    """The area of the outer rings without that of the holes, in square degrees; 0 for one that is flat."""
    by_rings = _area_by_rings(coordinates)
    if by_rings > LEAST_AREA:
        return by_rings
    # a ring that crosses itself runs around one part to the left and around another to the right
    repaired = shapely.make_valid(shape(coordinates), method="structure", keep_collapsed=False)
    return max(by_rings, float(repaired.area), 0.0)


def check_area(coordinates: Coordinates, osm_id: str | None) -> float:
    """The area of the geometry of a zone; raises `InvalidGeometry` where it has none.

    A generated zone may be smaller than `LEAST_AREA`: rounding leaves slivers where its place lies in other zones.
    """
    found = area(coordinates)
    if found <= (0.0 if (osm_id or "").startswith(_GENERATED) else LEAST_AREA):
        raise InvalidGeometry("its geometry has no area")
    return found


def _area_by_rings(coordinates: Coordinates) -> float:
    sizes = coordinates.ring_sizes
    starts = np.cumsum(sizes) - sizes
    # from the first position of its ring, so that small rings keep their digits
    x, y = (values - np.repeat(values[starts], sizes) for values in coordinates.points.T)
    areas = np.abs(np.add.reduceat(x[:-1] * y[1:] - x[1:] * y[:-1], starts)) / 2
    outer = np.cumsum([0, *map(len, coordinates.parts[:-1])])
    return float(2 * areas[outer].sum() - areas.sum())


def shape(coordinates: Coordinates) -> shapely.MultiPolygon:
    """The geometry, which may be invalid: a ring may cross itself, parts may overlap."""
    rings = np.concatenate([[0], np.cumsum(coordinates.ring_sizes)])
    polygons = np.cumsum([0, *map(len, coordinates.parts)])
    (made,) = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, coordinates.points, (rings, polygons, np.array([0, len(coordinates.parts)]))
    )
    return made
