# SPDX-License-Identifier: Apache-2.0
"""GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import shapely

RADIUS = 6378137.0
SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON


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
    try:
        shape = _shape(geojson)
    except (KeyError, TypeError, IndexError, ValueError, shapely.errors.GEOSException) as error:
        raise BadGeometry(f"geometry cannot be read: {error}") from error
    if shape.is_empty:
        return None
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
        if shape.is_empty:
            return None
    return shapely.to_wkb(shapely.set_srid(shape, SRID), include_srid=True, output_dimension=2, byte_order=1)


def _shape(geojson: dict[str, Any]) -> shapely.Geometry:
    kind = geojson["type"]
    if kind == "Polygon":
        polygons = [geojson["coordinates"]]
    elif kind == "MultiPolygon":
        polygons = geojson["coordinates"]
    else:
        shape = shapely.force_2d(shapely.from_geojson(orjson.dumps(geojson)))
        return shapely.transform(shape, mercator)
    shape = _polygons(polygons)
    return shape.geoms[0] if kind == "Polygon" and not shape.is_empty else shape


def _polygons(polygons: list[list[list[list[float]]]]) -> shapely.MultiPolygon:
    points: list[list[float]] = []
    rings, parts = [0], [0]
    for polygon in polygons:
        for ring in polygon:
            points.extend(_closed(ring))
            rings.append(len(points))
        parts.append(len(rings) - 1)
    if not points:
        return shapely.MultiPolygon()
    coordinates = mercator(np.array(points, dtype=float)[:, :2])
    return shapely.from_ragged_array(MULTIPOLYGON, coordinates, (rings, parts, [0, len(parts) - 1]))[0]


def _closed(ring: list[list[float]]) -> list[list[float]]:
    """A ring that GEOS takes: closed, with four points; make_valid turns what collapsed into a line."""
    if len(ring) > 3 and ring[0] == ring[-1]:
        return ring
    if not ring:
        raise BadGeometry("a ring has no points")
    closed = ring if ring[0] == ring[-1] and len(ring) > 1 else [*ring, ring[0]]
    return closed + [closed[-1]] * (4 - len(closed))
