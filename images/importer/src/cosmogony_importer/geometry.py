# SPDX-License-Identifier: Apache-2.0
"""GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import shapely

from .plain import AREAS, Coordinates

RADIUS = 6378137.0
SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON
NOTHING = np.empty((0, 2))


class BadGeometry(ValueError):
    """What is wrong with a geometry."""


def mercator(degrees: np.ndarray) -> np.ndarray:
    """Longitude and latitude to metres, with the same formula as PROJ (finite at the poles)."""
    if not np.isfinite(degrees).all() or (np.abs(degrees[:, 1]) > 90).any():
        raise BadGeometry("a coordinate is not a longitude and a latitude")
    radians = np.radians(degrees)
    return np.column_stack((RADIUS * radians[:, 0], RADIUS * np.arcsinh(np.tan(radians[:, 1]))))


def ewkb(geojson: dict[str, Any]) -> bytes | None:
    """The geometry as the table stores it; None when it is empty."""
    return ewkbs([geojson])[0]


def ewkbs(geojsons: list[dict[str, Any]]) -> list[bytes | None]:
    """Several geometries at once; coordinates are lists, or read by `plain`."""
    try:
        shapes = _shapes(geojsons)
    except (KeyError, TypeError, IndexError, ValueError, shapely.errors.GEOSException) as error:
        raise BadGeometry(f"geometry cannot be read: {error}") from error
    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    shapes[shapely.is_empty(shapes)] = None
    return list(shapely.to_wkb(shapely.set_srid(shapes, SRID), include_srid=True, output_dimension=2, byte_order=1))


def _shapes(geojsons: list[dict[str, Any]]) -> np.ndarray:
    """All areas in one array of coordinates; what else there is, one by one."""
    shapes = np.empty(len(geojsons), dtype=object)
    areas, single, points = [], [], []
    rings, polygons, offsets = [0], [0], [0]
    for number, geojson in enumerate(geojsons):
        if geojson["type"] not in AREAS:
            shapes[number] = _other(geojson)
            continue
        coordinates, parts = _area(geojson)
        points.append(coordinates)
        for lengths in parts:
            for length in lengths:
                rings.append(rings[-1] + length)
            polygons.append(len(rings) - 1)
        offsets.append(len(polygons) - 1)
        areas.append(number)
        if geojson["type"] == "Polygon" and len(coordinates):
            single.append(number)
    if areas:
        metres = mercator(np.concatenate(points))
        shapes[areas] = shapely.from_ragged_array(MULTIPOLYGON, metres, (rings, polygons, offsets))
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    return shapes


def _other(geojson: dict[str, Any]) -> shapely.Geometry:
    """Points, lines and collections, which are rare."""
    return shapely.transform(shapely.force_2d(shapely.from_geojson(orjson.dumps(geojson))), mercator)


def _area(geojson: dict[str, Any]) -> Coordinates:
    """The coordinates of a polygon or several, and the number of points of each ring of each of them."""
    coordinates = geojson["coordinates"]
    if isinstance(coordinates, Coordinates):
        return coordinates
    many = geojson["type"] == "MultiPolygon"
    polygons = [[_closed(ring) for ring in polygon] for polygon in (coordinates if many else [coordinates])]
    points = [point for polygon in polygons for ring in polygon for point in ring]
    flat = np.array(points, dtype=float)[:, :2] if points else NOTHING
    return Coordinates(flat, [[len(ring) for ring in polygon] for polygon in polygons] if points else [])


def _closed(ring: list[list[float]]) -> list[list[float]]:
    """A ring that GEOS takes: closed, with four points; make_valid turns what collapsed into a line."""
    if len(ring) > 3 and ring[0] == ring[-1]:
        return ring
    if not ring:
        raise BadGeometry("a ring has no points")
    closed = ring if ring[0] == ring[-1] and len(ring) > 1 else [*ring, ring[0]]
    return closed + [closed[-1]] * (4 - len(closed))
