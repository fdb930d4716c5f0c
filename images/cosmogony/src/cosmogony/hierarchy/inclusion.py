# SPDX-License-Identifier: Apache-2.0
"""Which zone lies inside which.

A zone is inside another when every arc of its border is on the other's border or inside the other, and no hole of
the other is inside it. Arcs of different zones meet only at their ends (topology.py), so one point decides for a
whole arc. The full geometric predicate runs only for pairs with arcs that really cross, and for zones whose
border touches itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from ..geometry.areas import Area, Points
from ..geometry.locations import coordinates_of
from ..geometry.topology import Arcs, Bools, Floats, Ints, spread
from ..osm.reader import Ways
from ..progress import Progress, silent
from ..zones.zone import Zone

_SLACK = 1e-9  # share by which the areas of two equal zones may differ
_QUERY = 2048  # zones looked up together


@dataclass(slots=True)
class Inclusions:
    """For every zone the zones that contain it (indices, ascending), and how the pairs were decided."""

    containers: list[list[int]]
    pairs: int = 0
    exact: int = 0
    irregular: list[str] = field(default_factory=list)


def find(zones: Sequence[Zone], ways: Ways, arcs: Arcs, progress: Progress | None = None) -> Inclusions:
    """All inclusions between the zones that have a geometry."""
    report = progress or silent
    result = Inclusions([[] for _ in zones])
    shaped = [zone for zone in zones if zone.has_geometry]
    if not shaped:
        return result
    net = _Net(shaped, ways, arcs)
    result.irregular = [shaped[k].osm_id for k in sorted(net.spots)]
    outer, inner = _candidates(shaped)
    result.pairs = len(outer)
    order = np.lexsort((inner, outer))
    outer, inner = outer[order], inner[order]
    container, begin, size = np.unique(outer, return_index=True, return_counts=True)
    stops = begin + size
    for done, (a, low, high) in enumerate(zip(container.tolist(), begin.tolist(), stops.tolist(), strict=True)):
        for b in net.inside(a, inner[low:high]).tolist():
            result.containers[shaped[b].index].append(shaped[a].index)
        if done % 256 == 0:
            report("finding inclusions", done, len(container))
    report("finding inclusions", len(container), len(container))
    result.exact = net.exact
    return result


def _candidates(shaped: Sequence[Zone]) -> tuple[Ints, Ints]:
    """Pairs (container, contained) that box and area allow."""
    box = np.array([zone.box for zone in shaped])
    area = np.array([zone.size for zone in shaped])
    tree = shapely.STRtree(shapely.box(box[:, 0], box[:, 1], box[:, 2], box[:, 3]))
    outer: list[Ints] = []
    inner: list[Ints] = []
    for at in range(0, len(shaped), _QUERY):
        a, b = tree.query(tree.geometries[at : at + _QUERY])
        a = a + at
        keep = (a != b) & (area[a] * (1 + _SLACK) >= area[b])
        a, b = a[keep], b[keep]
        within = (
            (box[a, 0] <= box[b, 0]) & (box[a, 1] <= box[b, 1]) & (box[a, 2] >= box[b, 2]) & (box[a, 3] >= box[b, 3])
        )
        outer.append(a[within])
        inner.append(b[within])
    return np.concatenate(outer), np.concatenate(inner)


class _Net:
    """The zones as sets of arcs."""

    def __init__(self, shaped: Sequence[Zone], ways: Ways, arcs: Arcs) -> None:
        self._shaped = shaped
        self._box = np.array([zone.box for zone in shaped], dtype=np.float64)
        self._ways = ways
        self._arcs = arcs
        self.exact = 0
        lists = [self._arcs_of(zone) for zone in shaped]
        sizes = np.array([len(item) for item in lists], dtype=np.int64)
        self._start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._list = np.concatenate(lists)
        self._on_border = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._seen = np.full(len(arcs.canonical), -1, dtype=np.int64)
        self._state = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._shapes: OrderedDict[int, shapely.MultiPolygon] = OrderedDict()
        self._holes: dict[int, list[tuple[shapely.Point, tuple[float, ...]]]] = {}
        self.spots: dict[int, Floats] = {}
        self._crossing: dict[int, set[int]] = {}
        self._crossed_arcs = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._rebuilt = np.array([zone.area is not None and zone.area.rebuilt for zone in shaped], dtype=np.bool_)
        self._find_touching()
        self._find_crossing()

    def _arcs_of(self, zone: Zone) -> Ints:
        if zone.area is not None and zone.area.arcs is not None:
            return zone.area.arcs
        ways = np.array([k for ring in zone.rings for k, _ in ring.ways], dtype=np.int64)
        return self._arcs.of(ways)

    def arcs(self, a: int) -> Ints:
        return self._list[self._start[a] : self._start[a + 1]]

    def _add_spots(self, zone: int, places: Floats) -> None:
        known = self.spots.get(zone)
        self.spots[zone] = places if known is None else np.concatenate([known, places])

    def _find_touching(self) -> None:
        """Zones that use an arc twice, or whose border passes a point more than once."""
        ends = self._arcs.ends
        for a, zone in enumerate(self._shaped):
            if zone.area is not None and zone.area.simple:
                continue
            own = self.arcs(a)
            passed = np.sort(ends[own].ravel())
            # each point of simple rings is the end of two arcs; an arc that is a whole ring ends twice in one
            often = np.unique(passed[2:][passed[2:] == passed[:-2]])
            if len(often):
                touching = own[np.isin(ends[own], often).any(axis=1)]
                self._add_spots(a, self._arcs.point[touching])
                self._add_spots(a, coordinates_of(often) / 1e7)

    def _find_crossing(self) -> None:
        """Pairs of zones with crossing arcs, and zones that cross themselves."""
        pairs = self._arcs.crossings
        if not len(pairs):
            return
        owner = np.repeat(np.arange(len(self._shaped), dtype=np.int64), np.diff(self._start))
        order = np.argsort(self._list, kind="stable")
        by_arc, owner = self._list[order], owner[order]
        self._crossed_arcs[pairs.ravel()] = True
        for (p, q), place in zip(pairs, self._arcs.places, strict=True):
            one = owner[np.searchsorted(by_arc, p) : np.searchsorted(by_arc, p, side="right")].tolist()
            two = owner[np.searchsorted(by_arc, q) : np.searchsorted(by_arc, q, side="right")].tolist()
            for a in one:
                for b in two:
                    if a == b:
                        self._add_spots(a, place[None, :])
                    else:
                        self._crossing.setdefault(a, set()).add(b)
                        self._crossing.setdefault(b, set()).add(a)

    def shape(self, a: int) -> shapely.MultiPolygon:
        """Geometry of a zone; the last few stay in memory."""
        made = self._shapes.pop(a, None)
        if made is None:
            made = self._shaped[a].geometry(self._ways)
            if len(self._shapes) >= 64:
                self._shapes.popitem(last=False)
        self._shapes[a] = made
        return made

    def inside(self, a: int, candidates: Ints) -> Ints:
        """Which of the candidates lie inside zone `a`."""
        own = self.arcs(a)
        self._on_border[own] = True
        begin, end = self._start[candidates], self._start[candidates + 1]
        used = self._list[spread(begin, end)]
        fresh = np.unique(used[~self._on_border[used]])
        self._state[own] = True
        shape = self.shape(a)
        shapely.prepare(shape)
        point = self._arcs.point[fresh]
        self._state[fresh] = shapely.intersects_xy(shape, point[:, 0], point[:, 1])
        offsets = np.cumsum(end - begin) - (end - begin)
        good = np.logical_and.reduceat(self._state[used], offsets)
        certain = ~self._crossed_arcs[used] | self._on_border[used]
        out = np.logical_or.reduceat(~self._state[used] & certain, offsets)
        self._on_border[own] = False
        good &= self._holes_outside(a, candidates, good)
        # arcs are only about where the border of a rebuilt zone is
        rebuilt = self._rebuilt[candidates] | self._rebuilt[a]
        unsure = (self._unsure(a, candidates) & ~out) | rebuilt
        if unsure.any():
            exact = np.flatnonzero(unsure)
            good[exact] = self._covers(shape, candidates[exact])
        shapely.destroy_prepared(shape)
        return candidates[good]

    def _holes_outside(self, a: int, candidates: Ints, good: Bools) -> Bools:
        """False where a hole of zone `a` lies inside a candidate."""
        answer = np.ones(len(candidates), dtype=np.bool_)
        holes = self._holes_of(a)
        for k in np.flatnonzero(good) if holes else ():
            b = int(candidates[k])
            box = self._box[b]
            for point, hole in holes:
                if (
                    box[0] <= hole[0]
                    and box[1] <= hole[1]
                    and box[2] >= hole[2]
                    and box[3] >= hole[3]
                    and shapely.contains_xy(self.shape(b), point.x, point.y)
                ):
                    answer[k] = False
                    break
        return answer

    def _holes_of(self, a: int) -> list[tuple[shapely.Point, tuple[float, ...]]]:
        area = self._shaped[a].area
        made = []
        for points in _holes(area, self._ways) if area is not None else ():
            hole = shapely.Polygon(points)
            try:
                point = shapely.point_on_surface(hole)
            except shapely.errors.GEOSException:
                continue
            made.append((point, hole.bounds))
        return made

    def _unsure(self, a: int, candidates: Ints) -> Bools:
        """Pairs that arcs cannot decide: crossing borders, or a border that touches itself nearby."""
        crossing = self._crossing.get(a, ())
        places = self.spots.get(a)
        answer = np.zeros(len(candidates), dtype=np.bool_)
        if not crossing and places is None and not self.spots:
            return answer
        for k, b in enumerate(candidates.tolist()):
            if b in crossing or b in self.spots:
                answer[k] = True
            elif places is not None:
                x0, y0, x1, y1 = self._box[b]
                x, y = places[:, 0], places[:, 1]
                answer[k] = bool(np.any((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)))
        return answer

    def _covers(self, shape: shapely.MultiPolygon, candidates: Ints) -> NDArray[np.bool_]:
        answers = []
        for b in candidates.tolist():
            self.exact += 1
            try:
                answers.append(bool(shapely.covers(shape, self.shape(b))))
            except shapely.errors.GEOSException:
                answers.append(False)
        return np.array(answers, dtype=np.bool_)


def _holes(area: Area, ways: Ways) -> list[Points]:
    if area.shape is not None:
        return [shapely.get_coordinates(ring) for polygon in area.shape.geoms for ring in polygon.interiors]
    return [ring.points(ways) for part in area.parts for ring in part.inner]
