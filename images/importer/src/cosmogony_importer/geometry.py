# SPDX-License-Identifier: Apache-2.0
"""GeoJSON in degrees to valid EWKB in web mercator."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import orjson
import shapely
import simdjson

RADIUS = 6378137.0
SRID = 3857
MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON
AREAS = ("Polygon", "MultiPolygon")
NUMBERS = b"0123456789+-.eE \t\r\n"
NOTHING = np.empty((0, 2))

Lengths = list[list[int]]

_local = threading.local()


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
    """Several geometries at once; their coordinates may still be text."""
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
    if isinstance(geojson.get("coordinates"), bytes):
        geojson = geojson | {"coordinates": orjson.loads(geojson["coordinates"])}
    return shapely.transform(shapely.force_2d(shapely.from_geojson(orjson.dumps(geojson))), mercator)


def _area(geojson: dict[str, Any]) -> tuple[np.ndarray, Lengths]:
    """The coordinates of a polygon or several, and the number of points of each ring of each of them."""
    coordinates = geojson["coordinates"]
    many = geojson["type"] == "MultiPolygon"
    if isinstance(coordinates, bytes):
        if (read := _plain(coordinates, many)) is not None:
            return read
        coordinates = orjson.loads(coordinates)
    polygons = [[_closed(ring) for ring in polygon] for polygon in (coordinates if many else [coordinates])]
    points = [point for polygon in polygons for ring in polygon for point in ring]
    flat = np.array(points, dtype=float)[:, :2] if points else NOTHING
    return flat, [[len(ring) for ring in polygon] for polygon in polygons] if points else []


def _plain(text: bytes, many: bool) -> tuple[np.ndarray, Lengths] | None:
    """The usual case without an object a point: pairs of numbers in closed rings; None when it is not that."""
    try:
        read = _parser().parse(text)
        polygons = read if many else [read]
        parts = [[len(ring) for ring in polygon] for polygon in polygons]
        points = np.frombuffer(read.as_buffer(of_type="d"))
    except (ValueError, TypeError):
        return None
    lengths = np.array([length for part in parts for length in part])
    if not len(points) or len(points) != 2 * lengths.sum() or lengths.min() < 4 or not _pairs(text, many, parts):
        return None
    points = points.reshape(-1, 2)
    ends = lengths.cumsum()
    if not (points[ends - lengths] == points[ends - 1]).all():
        return None
    return points, parts


def _parser() -> simdjson.Parser:
    """One a thread: it keeps its memory from one text to the next."""
    if not hasattr(_local, "parser"):
        _local.parser = simdjson.Parser()
    return _local.parser


def _pairs(text: bytes, many: bool, parts: Lengths) -> bool:
    """Whether all that is in the rings is pairs: without them, the brackets of rings and polygons are left."""
    left = text.translate(None, NUMBERS).replace(b"[,]", b"")
    return left.count(b"[") == many + len(parts) + sum(map(len, parts))


def _closed(ring: list[list[float]]) -> list[list[float]]:
    """A ring that GEOS takes: closed, with four points; make_valid turns what collapsed into a line."""
    if len(ring) > 3 and ring[0] == ring[-1]:
        return ring
    if not ring:
        raise BadGeometry("a ring has no points")
    closed = ring if ring[0] == ring[-1] and len(ring) > 1 else [*ring, ring[0]]
    return closed + [closed[-1]] * (4 - len(closed))
