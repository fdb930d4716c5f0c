# SPDX-License-Identifier: Apache-2.0
"""Find for every zone the zones that contain it.

A zone is inside another one if every arc of its border is on the other's border or inside the other, and no hole of the
other is inside it. Arcs of different zones meet only at their ends (geometry/topology.py), so one point decides for a
whole arc. The full geometric predicate is only needed for pairs whose arcs cross, and for zones whose border touches
itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from ..array_types import Bools, Floats, Ints
from ..geometry.boxes import Box, find_nested_boxes
from ..geometry.locations import decode_locations
from ..geometry.topology import Arcs, expand_ranges
from ..osm.reader import Ways
from ..progress import Progress, ignore_progress, track_progress
from ..zones.zone import Zone

_AREA_TOLERANCE = 1e-9  # most that the computed areas of equal zones may differ, relative to the area
_CACHED_SHAPES = 64

_Hole = tuple[shapely.Point, Box]  # a point inside the hole, and its box


@dataclass(slots=True)
class ContainingZones:
    """For every zone the indices of the zones that contain it, ascending, and how many pairs were tested."""

    containers: list[list[int]]
    pairs: int = 0  # pairs of zones whose boxes and areas allow an inclusion
    exact: int = 0  # pairs that the full geometric predicate had to decide


def find_containing_zones(
    zones: Sequence[Zone], ways: Ways, arcs: Arcs, progress: Progress = ignore_progress
) -> ContainingZones:
    """Return which zones contain which others, among the zones that have a geometry.

    Args:
        zones: the zones, each at the position that is its index.
        ways: the ways that their areas are made of.
        arcs: the arcs of these ways.
        progress: receives the number of containers that are done.
    """
    result = ContainingZones([[] for _ in zones])
    shaped = [zone for zone in zones if zone.has_geometry]
    if not shaped:
        return result
    graph = _BoundaryGraph(shaped, ways, arcs)
    outer, inner = _find_candidates(shaped)
    result.pairs = len(outer)
    order = np.lexsort((inner, outer))
    outer, inner = outer[order], inner[order]
    containers, begins, sizes = np.unique(outer, return_index=True, return_counts=True)
    ranges = list(zip(containers.tolist(), begins.tolist(), (begins + sizes).tolist(), strict=True))
    for number, begin, end in track_progress(ranges, "finding inclusions", progress, every=256):
        for contained in graph.find_contained(number, inner[begin:end]).tolist():
            result.containers[shaped[contained].index].append(shaped[number].index)
    result.exact = graph.exact
    return result


def _find_candidates(shaped: Sequence[Zone]) -> tuple[Ints, Ints]:
    """Return the pairs (container, contained) that boxes and areas allow, as two arrays of positions in `shaped`."""
    boxes = np.array([zone.box for zone in shaped], dtype=np.float64)
    area = np.array([zone.size for zone in shaped])
    pairs = []
    for outer, inner in find_nested_boxes(boxes):
        large_enough = area[outer] * (1 + _AREA_TOLERANCE) >= area[inner]
        pairs.append((outer[large_enough], inner[large_enough]))
    outers, inners = zip(*pairs, strict=True)
    return np.concatenate(outers), np.concatenate(inners)


class _BoundaryGraph:
    """The borders of zones as sets of arcs; zones are identified by their position in `shaped`."""

    def __init__(self, shaped: Sequence[Zone], ways: Ways, arcs: Arcs) -> None:
        self._shaped = shaped
        self._box = np.array([zone.box for zone in shaped], dtype=np.float64)
        self._ways = ways
        self._arcs = arcs
        self.exact = 0
        lists = [self._collect_arcs(zone) for zone in shaped]
        sizes = np.array([len(item) for item in lists], dtype=np.int64)
        self._start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._list = np.concatenate(lists)
        self._on_border = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._state = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._shapes: OrderedDict[int, shapely.MultiPolygon | None] = OrderedDict()
        self.self_touching_points: dict[int, Floats] = {}
        self._crossing: dict[int, set[int]] = {}
        self._crossed_arcs = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._rebuilt = np.array([zone.area is not None and zone.area.rebuilt for zone in shaped], dtype=np.bool_)
        self._find_touching()
        self._find_crossing()

    def _collect_arcs(self, zone: Zone) -> Ints:
        if zone.area is not None and zone.area.arcs is not None:
            return zone.area.arcs
        rings = [] if zone.area is None else zone.area.list_rings()
        return self._arcs.get_arcs_of_ways(np.array([way for ring in rings for way, _ in ring.ways], dtype=np.int64))

    def _get_border(self, number: int) -> Ints:
        return self._list[self._start[number] : self._start[number + 1]]

    def _add_self_touching(self, number: int, points: Floats) -> None:
        known = self.self_touching_points.get(number)
        self.self_touching_points[number] = points if known is None else np.concatenate([known, points])

    def _find_touching(self) -> None:
        """Record the points that the border of a zone passes repeatedly, and a point of each arc that ends there."""
        ends = self._arcs.ends
        for number, zone in enumerate(self._shaped):
            if zone.area is not None and zone.area.simple:
                continue
            own = self._get_border(number)
            passed = np.sort(ends[own].ravel())
            # a point that three or more arc ends share; a point of a simple ring has two
            often = np.unique(passed[2:][passed[2:] == passed[:-2]])
            if len(often):
                touching = own[np.isin(ends[own], often).any(axis=1)]
                self._add_self_touching(number, self._arcs.point[touching])
                self._add_self_touching(number, decode_locations(often) / 1e7)

    def _find_crossing(self) -> None:
        """Record the pairs of zones with crossing arcs, and the points where a zone crosses itself."""
        pairs = self._arcs.crossings
        if not len(pairs):
            return
        owner = np.repeat(np.arange(len(self._shaped), dtype=np.int64), np.diff(self._start))
        order = np.argsort(self._list, kind="stable")
        by_arc, owner = self._list[order], owner[order]
        self._crossed_arcs[pairs.ravel()] = True
        for (arc, crossed), place in zip(pairs, self._arcs.crossing_points, strict=True):
            ones = owner[np.searchsorted(by_arc, arc) : np.searchsorted(by_arc, arc, side="right")].tolist()
            others = owner[np.searchsorted(by_arc, crossed) : np.searchsorted(by_arc, crossed, side="right")].tolist()
            for one in ones:
                for other in others:
                    if one == other:
                        self._add_self_touching(one, place[None, :])
                    else:
                        self._crossing.setdefault(one, set()).add(other)
                        self._crossing.setdefault(other, set()).add(one)

    def _get_shape(self, number: int) -> shapely.MultiPolygon | None:
        """Return the geometry of a zone; the `_CACHED_SHAPES` used last stay in memory."""
        made = self._shapes.pop(number, None)
        if made is None:
            made = self._shaped[number].build_geometry(self._ways)
            if len(self._shapes) >= _CACHED_SHAPES:
                self._shapes.popitem(last=False)
        self._shapes[number] = made
        return made

    def find_contained(self, container: int, candidates: Ints) -> Ints:
        """Return the candidates that lie inside the zone `container`."""
        own = self._get_border(container)
        self._on_border[own] = True
        begin, end = self._start[candidates], self._start[candidates + 1]
        used = self._list[expand_ranges(begin, end)]
        fresh = np.unique(used[~self._on_border[used]])
        self._state[own] = True
        shape = self._get_shape(container)
        shapely.prepare(shape)
        point = self._arcs.point[fresh]
        self._state[fresh] = shapely.intersects_xy(shape, point[:, 0], point[:, 1])
        offsets = np.cumsum(end - begin) - (end - begin)
        good = np.logical_and.reduceat(self._state[used], offsets)
        certain = ~self._crossed_arcs[used] | self._on_border[used]
        out = np.logical_or.reduceat(~self._state[used] & certain, offsets)
        self._on_border[own] = False
        good &= self._holes_are_outside(container, candidates, good)
        # arcs cannot decide about a rebuilt zone, whose border only roughly follows them
        rebuilt = self._rebuilt[candidates] | self._rebuilt[container]
        undecided = (self._find_undecided(container, candidates) & ~out) | rebuilt
        if undecided.any():
            exact = np.flatnonzero(undecided)
            good[exact] = self._covers(shape, candidates[exact])
        shapely.destroy_prepared(shape)
        return candidates[good]

    def _holes_are_outside(self, container: int, candidates: Ints, good: Bools) -> Bools:
        """Return for each candidate whether no hole of the container lies in it; only `good` ones are tested."""
        answer = np.ones(len(candidates), dtype=np.bool_)
        holes = self._find_holes(container)
        for position in np.flatnonzero(good) if holes else ():
            candidate = int(candidates[position])
            box = self._box[candidate]
            for point, hole in holes:
                if (
                    box[0] <= hole[0]
                    and box[1] <= hole[1]
                    and box[2] >= hole[2]
                    and box[3] >= hole[3]
                    and shapely.contains_xy(self._get_shape(candidate), point.x, point.y)
                ):
                    answer[position] = False
                    break
        return answer

    def _find_holes(self, number: int) -> list[_Hole]:
        area = self._shaped[number].area
        made: list[_Hole] = []
        polygons = area.get_coordinates(self._ways) if area is not None else []
        for points in (points for _, *holes in polygons for points in holes):
            hole = shapely.Polygon(points)
            try:
                point = shapely.point_on_surface(hole)
            except shapely.errors.GEOSException:
                continue
            made.append((point, hole.bounds))
        return made

    def _find_undecided(self, container: int, candidates: Ints) -> Bools:
        """Return whether arcs cannot decide about each candidate: borders cross, or one touches itself nearby."""
        crossing = self._crossing.get(container, ())
        points = self.self_touching_points.get(container)
        answer = np.zeros(len(candidates), dtype=np.bool_)
        if not crossing and points is None and not self.self_touching_points:
            return answer
        for position, candidate in enumerate(candidates.tolist()):
            if candidate in crossing or candidate in self.self_touching_points:
                answer[position] = True
            elif points is not None:
                west, south, east, north = self._box[candidate]
                lon, lat = points[:, 0], points[:, 1]
                answer[position] = bool(np.any((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)))
        return answer

    def _covers(self, shape: shapely.MultiPolygon | None, candidates: Ints) -> Bools:
        answers = []
        for candidate in candidates.tolist():
            self.exact += 1
            try:
                answers.append(bool(shapely.covers(shape, self._get_shape(candidate))))
            except shapely.errors.GEOSException:
                answers.append(False)
        return np.array(answers, dtype=np.bool_)
