# SPDX-License-Identifier: Apache-2.0
"""Areas as rings of ways. Rings are lists of ways instead of points, because many zones share a way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from ..array_types import Points
from ..findings import RepairKind
from ..osm.reader import Ways

NO_AREA = "its rings have no area"  # the value of `Area.problem` if all rings are flat
Chain = list[tuple[int, bool]]  # ways in order (index in `Ways`), and whether each is walked backwards


@dataclass(slots=True)
class Ring:
    """A closed ring of ways (index in `Ways`), each with the direction in which it is walked."""

    ways: Chain
    counter_clockwise: bool | None = None

    def get_oriented_points(self, ways: Ways, *, outer: bool) -> Points:
        """Return the points of the ring as GeoJSON orders them: outer rings counter-clockwise, holes clockwise."""
        points = self.get_points(ways)
        if self.counter_clockwise is None:
            self.counter_clockwise = compute_signed_area(points) > 0
        return points if self.counter_clockwise == outer else points[::-1]

    def get_points(self, ways: Ways) -> Points:
        """Return the points of the ring, of shape (n, 2) in degrees; the last one repeats the first."""
        pieces = []
        for way, backwards in self.ways:
            piece = ways.points[ways.start[way] : ways.start[way + 1]]
            pieces.append(piece[::-1][:-1] if backwards else piece[:-1])
        pieces.append(pieces[0][:1])
        return np.concatenate(pieces)


@dataclass(slots=True)
class Area:
    """The polygons of a relation, and the problems found while they were assembled.

    They are `parts` (rings of ways). Where rings touch or cross they are a `shape`, whose border are the `arcs`.
    """

    parts: list[list[Ring]] = field(default_factory=list)  # rings of each polygon, the outer one first
    shape: shapely.MultiPolygon | None = None
    arcs: NDArray[np.int64] | None = None
    rebuilt: bool = False  # whether the shape was made valid or cut, so that its border only roughly follows the arcs
    simple: bool = False  # whether the border neither touches nor crosses itself
    missing: int = 0  # number of border members that the extract lacks
    open_rings: int = 0
    flat_rings: int = 0  # number of rings left out because they enclose nothing
    lost_holes: int = 0  # number of holes left out because their outer ring is missing
    repairs: dict[RepairKind, str] = field(default_factory=dict)  # what was repaired, in words, by kind of repair
    problem: str = ""  # why the area has no polygons, in words, if no member is missing

    @property
    def has_polygons(self) -> bool:
        """Whether polygons could be assembled, so that `build_polygons` has a result."""
        return bool(self.parts) or self.shape is not None

    def list_rings(self) -> list[Ring]:
        """Return the outer rings and holes of all polygons as one list."""
        return [ring for part in self.parts for ring in part]

    def get_coordinates(self, ways: Ways, *, oriented: bool = False) -> list[list[Points]]:
        """Return the rings of each polygon of the area as points, of shape (n, 2) in degrees, the outer ring first.

        Args:
            ways: the ways that the parts are made of.
            oriented: whether rings of parts run as in GeoJSON: outer ones counter-clockwise, holes clockwise.
        """
        if self.shape is not None:
            return get_coordinates(self.shape)
        if not oriented:
            return [[ring.get_points(ways) for ring in part] for part in self.parts]
        return [
            [ring.get_oriented_points(ways, outer=number == 0) for number, ring in enumerate(part)]
            for part in self.parts
        ]

    def build_polygons(self, ways: Ways) -> shapely.MultiPolygon:
        """Return the area as a multipolygon; outer rings run counter-clockwise, holes clockwise."""
        if self.shape is not None:
            return self.shape
        coordinates = self.get_coordinates(ways, oriented=True)
        return shapely.MultiPolygon([shapely.Polygon(outer, holes) for outer, *holes in coordinates])


def get_coordinates(shape: shapely.MultiPolygon) -> list[list[Points]]:
    """Return the rings of each polygon of a multipolygon, as points of shape (n, 2), the outer ring first."""
    return [
        [shapely.get_coordinates(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in shape.geoms
    ]


def compute_signed_area(points: Points) -> float:
    """Return the area of a closed ring in square degrees, positive if it runs counter-clockwise.

    Args:
        points: of shape (n, 2), in degrees; the last one repeats the first.
    """
    x = points[:, 0] - points[0, 0]
    y = points[:, 1] - points[0, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2


def join_ways(members: Sequence[int], first: Sequence[int], last: Sequence[int]) -> tuple[list[Chain], list[Chain]]:
    """Join ways end to end into chains, each time with the next unused member that begins or ends there.

    Args:
        members: the ways (index in `Ways`).
        first: for each way of `Ways` the node or location where it begins.
        last: the same for where it ends.

    Returns:
        The closed chains and the open ones.
    """
    at: dict[int, list[int]] = {}
    for position, way in enumerate(members):
        at.setdefault(first[way], []).append(position)
        if last[way] != first[way]:
            at.setdefault(last[way], []).append(position)
    used = [False] * len(members)
    closed: list[Chain] = []
    unclosed: list[Chain] = []
    for begin, way in enumerate(members):
        if used[begin]:
            continue
        used[begin] = True
        start, current, cursor = first[way], last[way], begin
        chain = [(way, False)]
        while current != start:
            following = _next_unused(at[current], used, cursor)
            if following is None:
                unclosed.append(chain)
                break
            used[following] = True
            cursor = following
            way = members[following]
            backwards = first[way] != current
            current = first[way] if backwards else last[way]
            chain.append((way, backwards))
        else:
            closed.append(chain)
    return closed, unclosed


def _next_unused(positions: list[int], used: list[bool], cursor: int) -> int | None:
    """Return the first unused position after `cursor`, otherwise the first unused one of all, otherwise None."""
    fallback = None
    for position in positions:
        if used[position]:
            continue
        if position > cursor:
            return position
        if fallback is None:
            fallback = position
    return fallback
