# SPDX-License-Identifier: Apache-2.0
"""Geometries of records."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError

from .areas import signed_area


def polygons_of(shape: shapely.Geometry, min_area: float = 0.0) -> shapely.MultiPolygon | None:
    """The polygons of a geometry that are larger than `min_area` (square degrees); None when it has none."""
    parts = shapely.get_parts(shape)
    parts = shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
    parts = parts[~shapely.is_empty(parts) & (shapely.area(parts) > min_area)]
    return shapely.MultiPolygon(list(parts)) if len(parts) else None


def area_of(geometry: dict[str, Any]) -> float:
    """Area of a GeoJSON (multi)polygon in square degrees, 0 for anything else."""
    total = 0.0
    for polygon in _polygons(geometry):
        for k, ring in enumerate(polygon):
            size = abs(signed_area(np.asarray(ring, dtype=np.float64)))
            total += size if k == 0 else -size
    return total


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    kind, coordinates = geometry.get("type"), geometry["coordinates"]
    if kind == "MultiPolygon":
        return list(coordinates)
    return [coordinates] if kind == "Polygon" else []


def shape_of(geometry: dict[str, Any]) -> shapely.Geometry | None:
    """The geometry of a record; None when it cannot be built."""
    try:
        return shapely.MultiPolygon([(rings[0], rings[1:]) for rings in _polygons(geometry) if rings])
    except (ShapelyError, ValueError, TypeError):
        return None


def box_of(geometry: dict[str, Any]) -> list[float] | None:
    """Bounding box of the geometry of a record."""
    shape = shape_of(geometry)
    return None if shape is None or shape.is_empty else [float(v) for v in shape.bounds]
