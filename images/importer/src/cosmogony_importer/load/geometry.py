# SPDX-License-Identifier: Apache-2.0
"""GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from .coordinates import AREAS, Coordinates, Degrees

RADIUS = 6378137.0
SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON
WRAPPING = re.compile(r"^\w+Exception: |Error parsing JSON: '\[[\w.]+\] |'$")  # what GEOS writes around the cause
LIMITS = (180.0, 90.0)
SHORTEST_RING = 4  # positions
LEAST_AREA = 1e-11  # square degrees, 0.1 m² at the equator; what rounding makes of points on one line is smaller
SURE_AREA = 1e-6  # square degrees; more than the error of the quick sum of areas


Offsets = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]  # of shapely geometries


class InvalidGeometryError(ValueError):
    """What is wrong with the geometry of a zone."""


class Rings(NamedTuple):
    """Some areas: their points, and where rings, polygons and areas begin (and the last one ends)."""

    points: Degrees
    rings: Offsets  # in points
    polygons: Offsets  # in rings
    areas: Offsets  # in polygons

    @classmethod
    def from_areas(cls, areas: list[Coordinates]) -> Rings:
        """Put areas side by side."""
        sizes = [length for area in areas for part in area.parts for length in part]
        polygons = [len(part) for area in areas for part in area.parts]
        return cls(
            np.concatenate([area.points for area in areas]),
            _offsets(sizes),
            _offsets(polygons),
            _offsets([len(area.parts) for area in areas]),
        )

    def to_shapes(self, points: npt.NDArray[np.float64]) -> Shapes:
        """Return a multipolygon per area, made of these points of shape (n, 2)."""
        return shapely.from_ragged_array(MULTIPOLYGON, points, (self.rings, self.polygons, self.areas))


def _offsets(sizes: list[int]) -> Offsets:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def to_mercator(degrees: Degrees) -> npt.NDArray[np.float64]:
    """Project to web mercator, in metres, with the same formula as PROJ (finite at the poles); shape (n, 2)."""
    radians = np.radians(degrees)
    return np.column_stack((RADIUS * radians[:, 0], RADIUS * np.arcsinh(np.tan(radians[:, 1]))))


def to_ewkb(geojson: Any, generated: bool = False) -> bytes:
    """Convert the geometry of one zone, see `to_ewkbs`."""
    return to_ewkbs([geojson], [generated])[0]


def to_ewkbs(geojsons: list[Any], generated: list[bool]) -> list[bytes]:
    """Convert geometries in degrees to valid ones in web mercator (EPSG:3857), as the table stores them.

    Args:
        geojsons: GeoJSON objects whose coordinates are lists, or were parsed by `parse_coordinates`.
        generated: whether each zone was generated: it may be as small as the slivers that rounding leaves where its
            place lies in other zones.

    Raises:
        InvalidGeometryError: one is not a Polygon or MultiPolygon with an area.
    """
    if not geojsons:
        return []
    rings = Rings.from_areas([_read_coordinates(geojson) for geojson in geojsons])
    _check_positions(rings.points)
    _check_areas(rings, generated)
    shapes = rings.to_shapes(to_mercator(rings.points))
    single = [number for number, geojson in enumerate(geojsons) if geojson["type"] == "Polygon"]
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    return list(shapely.to_wkb(shapely.set_srid(shapes, SRID), include_srid=True, output_dimension=2, byte_order=1))


def _read_coordinates(geojson: Any) -> Coordinates:
    """Return the coordinates of one area without their heights."""
    if not isinstance(geojson, dict):
        raise InvalidGeometryError("its geometry is not a GeoJSON object")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in AREAS:
        raise InvalidGeometryError(f"its geometry is of type {kind!r}, wanted 'Polygon' or 'MultiPolygon'")
    if isinstance(coordinates, Coordinates):
        return coordinates
    try:
        shape = shapely.from_geojson(orjson.dumps({"type": kind, "coordinates": coordinates}))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError) as error:
        raise InvalidGeometryError(f"its geometry cannot be read ({WRAPPING.sub('', str(error))})") from error
    _, points, (rings, polygons, *_) = shapely.to_ragged_array([shape], include_z=False)
    sizes = np.diff(rings)
    parts = [sizes[begin:end].tolist() for begin, end in pairwise(polygons)]
    if not (parts and all(parts) and sizes.all()):
        raise InvalidGeometryError("its geometry, or a part of it, is empty")
    if sizes.min() < SHORTEST_RING:
        raise InvalidGeometryError(f"a ring has {sizes.min()} positions, wanted {SHORTEST_RING} or more")
    return Coordinates(points, parts)


def _check_positions(points: Degrees) -> None:
    x, y = points.T
    if not (max(x.max(), -x.min()) <= LIMITS[0] and max(y.max(), -y.min()) <= LIMITS[1]):  # NaN is not
        x, y = points[~(np.abs(points) <= LIMITS).all(axis=1)][0]
        raise InvalidGeometryError(f"[{x:.10g}, {y:.10g}] lies beyond 180 degrees of longitude or 90 of latitude")


def _check_areas(rings: Rings, generated: list[bool]) -> None:
    """Check that outer rings without their holes have an area in degrees: a straight line there is none in metres."""
    small = np.flatnonzero(_sum_areas(rings) < SURE_AREA)
    if not len(small):
        return
    shapes = rings.to_shapes(rings.points)[small]
    areas = shapely.area(shapes)
    least = np.where(np.array(generated)[small], 0.0, LEAST_AREA)
    if (areas > least).all():
        return
    # a ring that crosses itself runs around one part to the left and around another to the right
    repaired = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    if (np.maximum(areas, shapely.area(repaired)) <= least).any():
        raise InvalidGeometryError("its geometry has no area")


def _sum_areas(rings: Rings) -> npt.NDArray[np.float64]:
    """Return the area of each zone in square degrees, wrong by 4e-12 per position: no ring is moved to the origin."""
    x, y = rings.points.T
    steps = x[:-1] * y[1:] - x[1:] * y[:-1]
    steps[rings.rings[1:-1] - 1] = 0  # from one ring to the next
    signed = -np.abs(np.add.reduceat(steps, rings.rings[:-1])) / 2
    signed[rings.polygons[:-1]] *= -1
    return np.add.reduceat(signed, rings.polygons[rings.areas[:-1]])
