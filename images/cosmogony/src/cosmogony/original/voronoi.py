# SPDX-License-Identifier: Apache-2.0
"""Make zones of place nodes as the original does."""

from __future__ import annotations

import shapely

from ..geometry.boxes import Box
from ..geometry.polygon_extraction import extract_polygons
from ..zones.voronoi import PlaceCandidate, VoronoiBuilder
from ..zones.zone import Zone


class OriginalVoronoiBuilder(VoronoiBuilder):
    """Makes zones of place nodes as Cosmogony 0.14.5 does: slivers and place nodes of parents too, no country."""

    def _keep_polygons(self, shape: shapely.Geometry) -> shapely.MultiPolygon | None:
        return extract_polygons(shape, min_area=-1)

    def _is_place_of_parent(self, place: PlaceCandidate, parent: Zone) -> bool:
        return False

    def _find_globe_box(self, shape: shapely.MultiPolygon) -> Box:
        west, south, east, north = shape.bounds
        return (west, south, east, north)

    def _inherit_country(self, parent: Zone) -> str | None:
        return None
