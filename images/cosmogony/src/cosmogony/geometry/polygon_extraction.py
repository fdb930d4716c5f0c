# SPDX-License-Identifier: Apache-2.0
"""Extract the polygons of a geometry."""

from __future__ import annotations

import shapely


def extract_polygons(shape: shapely.Geometry, min_area: float = 0.0) -> shapely.MultiPolygon | None:
    """Return the polygons of any geometry that are larger than `min_area` (square degrees); None without one."""
    parts = shapely.get_parts(shape)
    parts = shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
    parts = parts[~shapely.is_empty(parts) & (shapely.area(parts) > min_area)]
    return shapely.MultiPolygon(list(parts)) if len(parts) else None
