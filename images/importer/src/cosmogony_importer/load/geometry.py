# SPDX-License-Identifier: Apache-2.0
"""GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely

from .coordinates import AREAS, Coordinates

RADIUS = 6378137.0
SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON
WRAPPING = re.compile(r"^\w+Exception: |Error parsing JSON: '\[[\w.]+\] |'$")  # of GEOS around the cause
LIMITS = (180.0, 90.0)
SHORTEST_RING = 4
LEAST_AREA = 1e-11  # square degrees, 0.1 m² at the equator; what rounding makes of points on one line is smaller
SURE_AREA = 1e-6  # square degrees; more than the quick sum of areas is wrong by


class InvalidGeometry(ValueError):
    """What is wrong with the geometry of a zone."""


class Rings(NamedTuple):
    """Some areas: all points in degrees, and where rings, polygons and areas begin (and the last one ends)."""

    points: np.ndarray
    rings: np.ndarray
    polygons: np.ndarray
    areas: np.ndarray

    @classmethod
    def of(cls, areas: list[Coordinates]) -> Rings:
        sizes = [length for area in areas for part in area.parts for length in part]
        polygons = [len(part) for area in areas for part in area.parts]
        return cls(
            np.concatenate([area.points for area in areas]),
            _offsets(sizes),
            _offsets(polygons),
            _offsets([len(area.parts) for area in areas]),
        )

    def shapes(self, points: np.ndarray) -> np.ndarray:
        """Multipolygons with these points instead."""
        return shapely.from_ragged_array(MULTIPOLYGON, points, (self.rings, self.polygons, self.areas))


def _offsets(sizes: list[int]) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def mercator(degrees: np.ndarray) -> np.ndarray:
    """Longitude and latitude to metres, with the same formula as PROJ (finite at the poles)."""
    radians = np.radians(degrees)
    return np.column_stack((RADIUS * radians[:, 0], RADIUS * np.arcsinh(np.tan(radians[:, 1]))))


def ewkb(geojson: Any, generated: bool = False) -> bytes:
    """The geometry of a zone as the table stores it."""
    return ewkbs([geojson], [generated])[0]


def ewkbs(geojsons: list[Any], generated: list[bool]) -> list[bytes]:
    """Several geometries at once; coordinates are lists, or read by `plain`.

    Raises `InvalidGeometry` when one is no Polygon or MultiPolygon with an area. A generated zone may be as small as
    the slivers that rounding leaves where its place lies in other zones.
    """
    if not geojsons:
        return []
    rings = Rings.of([_coordinates(geojson) for geojson in geojsons])
    _check_positions(rings.points)
    _check_areas(rings, generated)
    shapes = rings.shapes(mercator(rings.points))
    single = [number for number, geojson in enumerate(geojsons) if geojson["type"] == "Polygon"]
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    return list(shapely.to_wkb(shapely.set_srid(shapes, SRID), include_srid=True, output_dimension=2, byte_order=1))


def _coordinates(geojson: Any) -> Coordinates:
    """The coordinates of one area without their heights."""
    if not isinstance(geojson, dict):
        raise InvalidGeometry("its geometry is no GeoJSON object")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in AREAS:
        raise InvalidGeometry(f"its geometry is of type {kind!r}, wanted 'Polygon' or 'MultiPolygon'")
    if isinstance(coordinates, Coordinates):
        return coordinates
    try:
        shape = shapely.from_geojson(orjson.dumps({"type": kind, "coordinates": coordinates}))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError) as error:
        raise InvalidGeometry(f"its geometry cannot be read ({WRAPPING.sub('', str(error))})") from error
    _, points, (rings, polygons, *_) = shapely.to_ragged_array([shape], include_z=False)
    sizes = np.diff(rings)
    parts = [sizes[begin:end].tolist() for begin, end in pairwise(polygons)]
    if not (parts and all(parts) and sizes.all()):
        raise InvalidGeometry("its geometry, or a part of it, is empty")
    if sizes.min() < SHORTEST_RING:
        raise InvalidGeometry(f"a ring has {sizes.min()} positions, wanted {SHORTEST_RING} or more")
    return Coordinates(points, parts)


def _check_positions(points: np.ndarray) -> None:
    x, y = points.T
    if not (max(x.max(), -x.min()) <= LIMITS[0] and max(y.max(), -y.min()) <= LIMITS[1]):  # NaN is not
        x, y = points[~(np.abs(points) <= LIMITS).all(axis=1)][0]
        raise InvalidGeometry(f"[{x:.10g}, {y:.10g}] lies beyond 180 degrees of longitude or 90 of latitude")


def _check_areas(rings: Rings, generated: list[bool]) -> None:
    """Outer rings without their holes must have an area, in degrees: a straight line there is none in metres."""
    small = np.flatnonzero(_areas_by_rings(rings) < SURE_AREA)
    if not len(small):
        return
    shapes = rings.shapes(rings.points)[small]
    areas = shapely.area(shapes)
    least = np.where(np.array(generated)[small], 0.0, LEAST_AREA)
    if (areas > least).all():
        return
    # a ring that crosses itself runs around one part to the left and around another to the right
    repaired = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    if (np.maximum(areas, shapely.area(repaired)) <= least).any():
        raise InvalidGeometry("its geometry has no area")


def _areas_by_rings(rings: Rings) -> np.ndarray:
    """Area of each zone in square degrees, wrong by 4e-12 a position: no ring is moved to the origin before."""
    x, y = rings.points.T
    steps = x[:-1] * y[1:] - x[1:] * y[:-1]
    steps[rings.rings[1:-1] - 1] = 0  # from one ring to the next
    signed = -np.abs(np.add.reduceat(steps, rings.rings[:-1])) / 2
    signed[rings.polygons[:-1]] *= -1
    return np.add.reduceat(signed, rings.polygons[rings.areas[:-1]])
