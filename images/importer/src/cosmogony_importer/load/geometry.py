# SPDX-License-Identifier: Apache-2.0
"""Convert GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from . import equal_area
from .coordinates import AREAS, Coordinates, Degrees
from .equal_area import RADIUS

SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON
WRAPPING = re.compile(r"^\w+Exception: |Error parsing JSON: '\[[\w.]+\] |'$")  # what GEOS writes around the cause
LIMITS = (180.0, 90.0)
MIN_RING = 4  # positions
MIN_AREA = 1e-11  # square degrees, 0.1 m² at the equator; rounding errors of points on one line are smaller
SURE_AREA = 1e-6  # square degrees; a larger result of `_sum_areas` is certainly not 0


Offsets = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]  # an array of shapely geometries


class InvalidGeometryError(ValueError):
    """The geometry of a zone is invalid; the message says why."""


class Rings(NamedTuple):
    """All points of several areas, with the offsets at which their rings, polygons and areas begin."""

    points: Degrees
    rings: Offsets  # index in `points` of the first point of each ring, then the number of points
    polygons: Offsets  # index in `rings` of the first ring of each polygon, then the number of rings
    areas: Offsets  # index in `polygons` of the first polygon of each area, then the number of polygons

    @classmethod
    def from_areas(cls, areas: list[Coordinates]) -> Rings:
        """Return the rings of some areas, concatenated."""
        sizes = [length for area in areas for part in area.parts for length in part]
        polygons = [len(part) for area in areas for part in area.parts]
        return cls(
            np.concatenate([area.points for area in areas]),
            _to_offsets(sizes),
            _to_offsets(polygons),
            _to_offsets([len(area.parts) for area in areas]),
        )

    def to_shapes(self, points: npt.NDArray[np.float64]) -> Shapes:
        """Return one multipolygon per area, with these points of shape (n, 2) in place of the original ones."""
        return shapely.from_ragged_array(MULTIPOLYGON, points, (self.rings, self.polygons, self.areas))


def _to_offsets(sizes: list[int]) -> Offsets:
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _to_mercator(degrees: Degrees) -> npt.NDArray[np.float64]:
    """Project points to web mercator: shape (n, 2) in metres, with the formula of PROJ (finite at the poles)."""
    radians = np.radians(degrees)
    return np.column_stack((RADIUS * radians[:, 0], RADIUS * np.arcsinh(np.tan(radians[:, 1]))))


class ConvertedShape(NamedTuple):
    """The geometry of a zone for the database."""

    ewkb: bytes  # in web mercator, valid
    area: float  # on the ground, in square metres
    degrees: shapely.Geometry  # with the points of the file, valid


def to_ewkb(geojson: Any, generated: bool = False) -> bytes:
    """Convert the GeoJSON geometry of one zone to valid EWKB in web mercator, see `convert_shapes`."""
    return convert_shapes([geojson], [generated])[0].ewkb


def convert_shapes(geojsons: list[Any], generated: list[bool]) -> list[ConvertedShape]:
    """Convert GeoJSON geometries in degrees to valid EWKB in web mercator (EPSG:3857).

    Args:
        geojsons: GeoJSON objects whose coordinates are lists, or were parsed by `parse_coordinates`.
        generated: for each zone, whether it is a generated zone, which may have a tiny area.

    Raises:
        InvalidGeometryError: one of them is not a Polygon or MultiPolygon with an area.
    """
    if not geojsons:
        return []
    rings = Rings.from_areas([_read_coordinates(geojson) for geojson in geojsons])
    _check_positions(rings.points)
    _check_areas(rings, generated)
    shapes = rings.to_shapes(_to_mercator(rings.points))
    single = [number for number, geojson in enumerate(geojsons) if geojson["type"] == "Polygon"]
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    areas = _sum_areas(rings._replace(points=equal_area.project_to_equal_area(rings.points)))
    areas[invalid] = shapely.area(shapely.transform(shapes[invalid], equal_area.project_mercator_to_equal_area))
    ewkbs = shapely.to_wkb(shapely.set_srid(shapes, SRID), include_srid=True, output_dimension=2, byte_order=1)
    degrees = rings.to_shapes(rings.points)
    degrees[invalid] = shapely.make_valid(degrees[invalid], method="structure", keep_collapsed=False)
    return list(map(ConvertedShape, ewkbs, areas.tolist(), degrees))


def _read_coordinates(geojson: Any) -> Coordinates:
    """Return the coordinates of one area without their heights."""
    if not isinstance(geojson, dict):
        raise InvalidGeometryError("its geometry is not a GeoJSON object")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in AREAS:
        raise InvalidGeometryError(f"its geometry is of type {kind!r}, not 'Polygon' or 'MultiPolygon'")
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
    if sizes.min() < MIN_RING:
        raise InvalidGeometryError(f"a ring has {sizes.min()} positions, at least {MIN_RING} are needed")
    return Coordinates(points, parts)


def _check_positions(points: Degrees) -> None:
    x, y = points.T
    if not (max(x.max(), -x.min()) <= LIMITS[0] and max(y.max(), -y.min()) <= LIMITS[1]):  # true of NaN, too
        x, y = points[~(np.abs(points) <= LIMITS).all(axis=1)][0]
        raise InvalidGeometryError(f"[{x:.10g}, {y:.10g}] lies beyond 180 degrees of longitude or 90 of latitude")


def _check_areas(rings: Rings, generated: list[bool]) -> None:
    """Check that zones have an area in degrees: a straight line in degrees may not be one in metres."""
    small = np.flatnonzero(_sum_areas(rings) < SURE_AREA)
    if not len(small):
        return
    shapes = rings.to_shapes(rings.points)[small]
    areas = shapely.area(shapes)
    least = np.where(np.array(generated)[small], 0.0, MIN_AREA)
    if (areas > least).all():
        return
    # the parts of a ring that crosses itself may have areas of opposite sign
    repaired = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    if (np.maximum(areas, shapely.area(repaired)) <= least).any():
        raise InvalidGeometryError("its geometry has no area")


def _sum_areas(rings: Rings) -> npt.NDArray[np.float64]:
    """Return the area of each zone in the unit of its points; in square degrees with an error of 4e-12 per position."""
    x, y = rings.points.T
    steps = x[:-1] * y[1:] - x[1:] * y[:-1]
    steps[rings.rings[1:-1] - 1] = 0  # the step from the last point of a ring to the first one of the next ring
    signed = -np.abs(np.add.reduceat(steps, rings.rings[:-1])) / 2
    signed[rings.polygons[:-1]] *= -1
    return np.add.reduceat(signed, rings.polygons[rings.areas[:-1]])
