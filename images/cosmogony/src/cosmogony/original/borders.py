# SPDX-License-Identifier: Apache-2.0
"""Assemble areas as the original does: by the roles of members, from ways that join at common nodes."""

from __future__ import annotations

import numpy as np
import shapely

from ..array_types import Points
from ..geometry.areas import Area, Ring, join_ways
from ..osm.reader import INNER_ROLE, OUTER_ROLES, Relation, Ways


def assemble_area(relation: Relation, ways: Ways) -> Area:
    """Return the area of a relation; it has no polygons if no outer ring closes."""
    area = Area()
    outer: list[int] = []
    inner: list[int] = []
    for ref, role in relation.ways:
        if role not in OUTER_ROLES and role != INNER_ROLE:
            continue
        if ref in ways.damaged:
            area.missing += 1
        way = ways.index.get(ref)
        if way is None:
            area.missing += ref not in ways.damaged and ref not in ways.flat
            continue
        (inner if role == INNER_ROLE else outer).append(way)
    area.parts = [[ring] for ring in _join_rings(outer, ways, area)]
    holes = _join_rings(inner, ways, area) if inner and area.parts else []
    if holes:
        _place_holes(area, holes, ways)
    return area


def _join_rings(members: list[int], ways: Ways, area: Area) -> list[Ring]:
    closed, unclosed = join_ways(members, ways.first, ways.last)
    area.open_rings += len(unclosed)
    rings = [Ring(chain) for chain in closed]
    kept = [ring for ring in rings if len(ring.get_points(ways)) >= 4]
    area.flat_rings += len(rings) - len(kept)
    return kept


def _place_holes(area: Area, holes: list[Ring], ways: Ways) -> None:
    """Add each hole to the first polygon that meets every segment of the hole."""
    shells = [shapely.Polygon(outer.get_points(ways)) for outer, *_ in area.parts]
    shapely.prepare(shells)
    boxes = shapely.bounds(shells)
    for hole in holes:
        points = hole.get_points(ways)
        low, high = points.min(axis=0), points.max(axis=0)
        near = np.all(boxes[:, :2] <= high, axis=1) & np.all(boxes[:, 2:] >= low, axis=1)
        for number in np.flatnonzero(near).tolist():
            if _touches_with_every_segment(shells[number], points):
                area.parts[number].append(hole)
                break
        else:
            area.lost_holes += 1


def _touches_with_every_segment(shell: shapely.Polygon, points: Points) -> bool:
    inside = shapely.intersects_xy(shell, points[:, 0], points[:, 1])
    touching = inside[:-1] | inside[1:]
    if touching.all():
        return True
    if not touching.any():
        return False
    rest = np.flatnonzero(~touching)
    lines = shapely.linestrings(np.stack([points[rest], points[rest + 1]], axis=1))
    return bool(shapely.intersects(shell, lines).all())
