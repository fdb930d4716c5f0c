# SPDX-License-Identifier: Apache-2.0
"""GeoJSON geometries of zones as arrays, checked: a zone needs a polygon, or several, with an area.

Needs numpy and shapely only. Coordinates are longitudes and latitudes in degrees; areas are in square degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from ..array_types import Bools, Floats, Ints, Points
from .boxes import Box

MIN_AREA = 1e-11  # smallest area of a zone in square degrees (0.1 m² at the equator), above rounding errors

_LIMITS = np.array([180.0, 90.0])
_SHORTEST_RING = 4
_GENERATED = "node:"
_NESTING = "its coordinates are not nested as those of its type"


class InvalidGeometryError(ValueError):
    """A GeoJSON geometry is not a polygon that a zone can have; the message says why."""


class PolygonCoordinates(NamedTuple):
    """The coordinates of the polygons of one zone: closed rings of four positions or more, outer rings first."""

    points: Points  # points of all rings, one ring after the other
    parts: list[list[int]]  # number of points of each ring, one list per polygon


class _RaggedRings(NamedTuple):
    """The coordinates of several zones as a ragged array: points, and offsets of rings, polygons and zones."""

    points: Points
    rings: Ints
    polygons: Ints
    zones: Ints

    @classmethod
    def from_zones(cls, zones: Sequence[PolygonCoordinates]) -> _RaggedRings:
        """Return the coordinates of one or more zones as one ragged array."""
        return cls(
            np.concatenate([zone.points for zone in zones]),
            _to_offsets([size for zone in zones for part in zone.parts for size in part]),
            _to_offsets([len(part) for zone in zones for part in zone.parts]),
            _to_offsets([len(zone.parts) for zone in zones]),
        )

    def compute_boxes(self) -> Floats:
        """Return west, south, east, north of each zone in degrees, of shape (n, 4), never across the antimeridian."""
        starts = self.rings[self.polygons[self.zones[:-1]]]
        x, y = self.points.T  # longitudes and latitudes apart: NumPy is slow along the short axis of an array
        lows, highs = ([edge.reduceat(values, starts) for values in (x, y)] for edge in (np.minimum, np.maximum))
        return np.column_stack([*lows, *highs])

    def compute_areas(self) -> Floats:
        """Return the area of each zone in square degrees, outer rings minus holes; 0 or less for a flat zone."""
        starts = self.rings[:-1]
        # coordinates relative to the first point of the ring, so that small rings do not lose digits
        x, y = (values - np.repeat(values[starts], np.diff(self.rings)) for values in self.points.T)
        signed = -np.abs(np.add.reduceat(x[:-1] * y[1:] - x[1:] * y[:-1], starts)) / 2
        signed[self.polygons[:-1]] *= -1
        return np.add.reduceat(signed, self.polygons[self.zones[:-1]])

    def build_shapes(self) -> NDArray[np.object_]:
        """Return a multipolygon per zone; it may be invalid: a ring may cross itself, polygons may overlap."""
        offsets = (self.rings, self.polygons, self.zones)
        return shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, self.points, offsets)


def _to_offsets(sizes: Sequence[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


class ZoneMeasurement(NamedTuple):
    """The bounding box and area of a zone, and what is wrong with its geometry, if anything."""

    box: Box  # smallest and largest longitude and latitude in degrees, never across the antimeridian
    area: float  # square degrees
    fault: str | None


def parse_geometry(geometry: Any) -> PolygonCoordinates:
    """Return the coordinates of a GeoJSON Polygon or MultiPolygon, without heights; raise if it is not one.

    Where the positions lie is left to `measure_zones`.

    Raises:
        InvalidGeometryError: it is not such a geometry.
    """
    if not isinstance(geometry, dict):
        raise InvalidGeometryError("its geometry is not a GeoJSON object")
    kind, nested = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise InvalidGeometryError(f"its geometry is of type {kind!r}, wanted 'Polygon' or 'MultiPolygon'")
    polygons: list[Any] = _flatten([nested]) if kind == "MultiPolygon" else [nested]
    rings = _flatten(polygons)
    positions = _flatten(rings)
    parts = [list(map(len, polygon)) for polygon in polygons]
    if not all(parts):
        raise InvalidGeometryError("one of its polygons has no ring")
    points = _to_points(positions)
    for ring in rings:
        if len(ring) < _SHORTEST_RING:
            raise InvalidGeometryError(f"a ring has {len(ring)} positions, wanted {_SHORTEST_RING} or more")
        if ring[0][:2] != ring[-1][:2]:
            raise InvalidGeometryError(f"a ring is not closed: it begins at {ring[0][:2]} and ends at {ring[-1][:2]}")
    return PolygonCoordinates(points, parts)


def _flatten(lists: list[Any]) -> list[Any]:
    """Return the members of all lists as one list; raise InvalidGeometryError if one is not a list or all are empty."""
    if set(map(type, lists)) != {list}:
        raise InvalidGeometryError(_NESTING)
    if not (members := list(chain.from_iterable(lists))):
        raise InvalidGeometryError("its geometry is empty")
    return members


def _to_points(positions: list[Any]) -> Points:
    try:
        numbers, lengths = list(chain.from_iterable(positions)), set(map(len, positions))
    except TypeError:
        raise InvalidGeometryError(_NESTING) from None
    if not lengths <= {2, 3}:
        raise InvalidGeometryError("a position has neither two nor three numbers")
    if not set(map(type, numbers)) <= {int, float}:
        raise InvalidGeometryError("a coordinate is not a number")
    try:
        if lengths != {2}:
            if not all(map(math.isfinite, numbers)):
                raise InvalidGeometryError("a coordinate is not a finite number")
            numbers = [number for position in positions for number in position[:2]]
        return np.array(numbers, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        raise InvalidGeometryError("a coordinate is too large a number") from None


def measure_zones(zones: Sequence[tuple[str, PolygonCoordinates]]) -> list[ZoneMeasurement]:
    """Return box, area and fault of each zone; many zones in one call take less time each.

    Positions outside the range of coordinates are a fault, and so is an area of `MIN_AREA` or less. The area of a
    generated zone may be that small, but not 0: rounding leaves slivers where its place lies in other zones.

    Args:
        zones: osm_id and coordinates of each.
    """
    if not zones:
        return []
    rings = _RaggedRings.from_zones([coordinates for _, coordinates in zones])
    boxes = rings.compute_boxes()
    on_earth: Bools = np.all(np.abs(boxes) <= [*_LIMITS, *_LIMITS], axis=1)  # False for NaN
    with np.errstate(invalid="ignore", over="ignore"):  # coordinates that are not on earth may overflow
        areas = rings.compute_areas()
    for number in np.flatnonzero(on_earth & (areas <= MIN_AREA)):
        areas[number] = max(areas[number], _repaired_area(zones[int(number)][1]))
    found = []
    for (osm_id, coordinates), box, fits, area in zip(
        zones, boxes.tolist(), on_earth.tolist(), areas.tolist(), strict=True
    ):
        fault = None
        if not fits:
            fault = f"{_describe_outside(coordinates)} lies beyond 180 degrees of longitude or 90 of latitude"
        elif area <= (0.0 if osm_id.startswith(_GENERATED) else MIN_AREA):
            fault = "its geometry has no area"
        found.append(ZoneMeasurement((box[0], box[1], box[2], box[3]), area, fault))
    return found


def _repaired_area(coordinates: PolygonCoordinates) -> float:
    """Return the area in square degrees of polygons whose border may cross itself, after making them valid."""
    return float(shapely.make_valid(build_shape(coordinates), method="structure", keep_collapsed=False).area)


def _describe_outside(coordinates: PolygonCoordinates) -> str:
    x, y = coordinates.points[~(np.abs(coordinates.points) <= _LIMITS).all(axis=1)][0]
    return f"[{x:.10g}, {y:.10g}]"


def build_shape(coordinates: PolygonCoordinates) -> shapely.MultiPolygon:
    """Return the multipolygon of one zone, which may be invalid."""
    made: shapely.MultiPolygon = _RaggedRings.from_zones([coordinates]).build_shapes()[0]
    return made
