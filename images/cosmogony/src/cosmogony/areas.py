# SPDX-License-Identifier: Apache-2.0
"""Assemble the area of a relation from its way members.

Ways are joined at nodes they have in common, in the order of the members. A ring that does not close is left out
and reported, the closed ones stay. Rings are kept as lists of ways, not as points: many zones share a way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from .reader import INNER_ROLE, OUTER_ROLES, Relation, Ways

Points = NDArray[np.float64]


@dataclass(slots=True)
class Ring:
    """A closed ring: ways (index in `Ways`) with the direction they are walked in."""

    ways: list[tuple[int, bool]]
    counter_clockwise: bool | None = None

    def directed(self, ways: Ways, *, outer: bool) -> Points:
        """The points in the direction that GeoJSON asks for: outer rings counter-clockwise, holes clockwise."""
        points = self.points(ways)
        if self.counter_clockwise is None:
            self.counter_clockwise = signed_area(points) > 0
        return points if self.counter_clockwise == outer else points[::-1]

    def points(self, ways: Ways) -> Points:
        """The closed ring; where two ways meet their common point comes once."""
        pieces = []
        for k, backwards in self.ways:
            piece = ways.points[ways.start[k] : ways.start[k + 1]]
            pieces.append(piece[::-1][:-1] if backwards else piece[:-1])
        pieces.append(pieces[0][:1])
        return np.concatenate(pieces)


@dataclass(slots=True)
class Part:
    """One polygon: an outer ring and its holes."""

    outer: Ring
    inner: list[Ring] = field(default_factory=list)

    def rings(self) -> list[Ring]:
        return [self.outer, *self.inner]


@dataclass(slots=True)
class Area:
    """The polygons of a relation, and what was wrong with it."""

    parts: list[Part]
    missing: int = 0
    open_rings: int = 0
    flat_rings: int = 0
    lost_holes: int = 0

    def rings(self) -> list[Ring]:
        return [ring for part in self.parts for ring in part.rings()]

    def polygons(self, ways: Ways) -> shapely.MultiPolygon:
        """The geometry; outer rings counter-clockwise, holes clockwise."""
        made = []
        for part in self.parts:
            outer, *inner = [ring.directed(ways, outer=k == 0) for k, ring in enumerate(part.rings())]
            made.append(shapely.Polygon(outer, inner))
        return shapely.MultiPolygon(made)


def signed_area(points: Points) -> float:
    """Area of a closed ring, positive when it runs counter-clockwise."""
    x = points[:, 0] - points[0, 0]
    y = points[:, 1] - points[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2


def assemble(relation: Relation, ways: Ways) -> Area:
    """The area of a relation; without parts when no outer ring closes."""
    area = Area([])
    outer: list[int] = []
    inner: list[int] = []
    for ref, role in relation.ways:
        if role not in OUTER_ROLES and role != INNER_ROLE:
            continue
        if ref in ways.damaged:
            area.missing += 1
        k = ways.index.get(ref)
        if k is None:
            area.missing += ref not in ways.damaged
            continue
        (inner if role == INNER_ROLE else outer).append(k)
    area.parts = [Part(ring) for ring in _join(outer, ways, area)]
    holes = _join(inner, ways, area) if inner and area.parts else []
    if holes:
        _place_holes(area, holes, ways)
    return area


def _join(members: Sequence[int], ways: Ways, area: Area) -> list[Ring]:
    """Closed rings from ways, taking the next fitting member each time."""
    first, last = ways.first, ways.last
    at: dict[int, list[int]] = {}
    for position, k in enumerate(members):
        at.setdefault(first[k], []).append(position)
        if last[k] != first[k]:
            at.setdefault(last[k], []).append(position)
    used = [False] * len(members)
    rings: list[Ring] = []
    for begin, k in enumerate(members):
        if used[begin]:
            continue
        used[begin] = True
        start, current, cursor = first[k], last[k], begin
        chain = [(k, False)]
        while current != start:
            position = _next(at[current], used, cursor)
            if position is None:
                area.open_rings += 1
                break
            used[position] = True
            cursor = position
            k = members[position]
            backwards = first[k] != current
            current = first[k] if backwards else last[k]
            chain.append((k, backwards))
        else:
            ring = Ring(chain)
            if len(ring.points(ways)) < 4:
                area.flat_rings += 1
            else:
                rings.append(ring)
    return rings


def _next(positions: list[int], used: list[bool], cursor: int) -> int | None:
    """The unused member that comes next after `cursor`, else the first unused one."""
    fallback = None
    for position in positions:
        if used[position]:
            continue
        if position > cursor:
            return position
        if fallback is None:
            fallback = position
    return fallback


def _place_holes(area: Area, holes: list[Ring], ways: Ways) -> None:
    """Give each hole to the first polygon that every one of its segments meets."""
    shells = [shapely.Polygon(part.outer.points(ways)) for part in area.parts]
    shapely.prepare(shells)
    boxes = shapely.bounds(shells)
    for hole in holes:
        points = hole.points(ways)
        low, high = points.min(axis=0), points.max(axis=0)
        near = np.all(boxes[:, :2] <= high, axis=1) & np.all(boxes[:, 2:] >= low, axis=1)
        for k in np.flatnonzero(near):
            if _meets(shells[k], points):
                area.parts[k].inner.append(hole)
                break
        else:
            area.lost_holes += 1


def _meets(shell: shapely.Polygon, points: Points) -> bool:
    inside = shapely.intersects_xy(shell, points[:, 0], points[:, 1])
    touching = inside[:-1] | inside[1:]
    if touching.all():
        return True
    if not touching.any():
        return False
    rest = np.flatnonzero(~touching)
    lines = shapely.linestrings(np.stack([points[rest], points[rest + 1]], axis=1))
    return bool(shapely.intersects(shell, lines).all())
