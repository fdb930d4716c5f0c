# SPDX-License-Identifier: Apache-2.0
"""Cut the borders into arcs that meet only at their ends (a boundary graph).

Neighbours in OSM share the nodes of their border. Ways are cut wherever a point is used more than once, so that two
arcs are either the same or have no point in common except their ends. The exceptions are arcs that cross without a
common node, or touch in the middle of a segment. They are found here, once for the whole extract; only zones with such
arcs need the full geometric test later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from ..array_types import Bools, Floats, Ints, Points
from ..osm.reader import Ways
from .locations import encode_locations

_CHUNK = 16  # most segments in a run: they share one bounding box while crossings are looked for
_BATCH = 1 << 16  # segments, or pairs of segments, that are compared in one step, to save memory


@dataclass(slots=True)
class Arcs:
    """Arcs in the order of the ways; the arcs of way `index` are `canonical[start[index]:start[index + 1]]`."""

    start: Ints  # position of the first arc of each way, and at the end the number of all arcs
    canonical: Ints  # number of each arc; arcs with the same points have the same number
    point: Points  # for each arc, a point on it that is not one of its ends
    ends: Ints  # for each arc, the encoded locations of both ends, of shape (n, 2)
    crossings: Ints  # pairs of arcs that cross or touch elsewhere than at common ends, of shape (m, 2)
    crossing_points: Points  # for each pair of `crossings`, about where the two arcs meet, of shape (m, 2)

    def get_arcs_of_ways(self, ways: Ints) -> Ints:
        """Return the arc numbers of some ways (index in `Ways`); an arc of several ways is repeated."""
        arcs: Ints = self.canonical[expand_ranges(self.start[ways], self.start[ways + 1])]
        return arcs


def expand_ranges(begin: Ints, end: Ints) -> Ints:
    """Return all integers of the ranges `begin[i]` to `end[i] - 1`, one range after the other."""
    size = end - begin
    total = int(size.sum())
    if not total:
        return np.empty(0, dtype=np.int64)
    offset = np.cumsum(size) - size
    indices: Ints = np.arange(total, dtype=np.int64) + np.repeat(begin - offset, size)
    return indices


def build_arcs(ways: Ways) -> Arcs:
    """Return the arcs that the ways are cut into at shared points, and the pairs of arcs that cross."""
    points, start = ways.points, ways.start
    numbers = encode_locations(points)
    last = start[1:] - 1
    cut = np.zeros(len(points), dtype=np.bool_)
    cut[start[:-1]] = True
    cut[last] = True
    cut |= _find_repeated(numbers)
    # cut where a way turns back on itself, and needlessly at some points next to the end of a way
    cut[1:-1] |= numbers[:-2] == numbers[2:]
    is_last = np.zeros(len(points), dtype=np.bool_)
    is_last[last] = True
    cuts = np.flatnonzero(cut)
    begins = cuts[~is_last[cuts]]
    stops = cuts[1:][~is_last[cuts[:-1]]]
    way_start = np.searchsorted(begins, start)
    ends = np.stack([numbers[begins], numbers[stops]], axis=1)
    size = stops - begins
    middle = begins + size // 2
    point = np.where((size > 1)[:, None], points[middle], (points[begins] + points[stops]) / 2)
    canonical = _number_arcs(ends, size)
    crossings, crossing_points = _find_crossings(points, numbers, begins, stops, canonical)
    return Arcs(way_start, canonical, point, ends, crossings, crossing_points)


def _find_repeated(numbers: Ints) -> Bools:
    if not len(numbers):
        return np.empty(0, dtype=np.bool_)
    ordered = np.sort(numbers)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return _contains(repeated, numbers)


def _contains(ordered: Ints, values: Ints) -> Bools:
    answer = np.zeros(len(values), dtype=np.bool_)
    for part in _split_range(len(values) if len(ordered) else 0, _BATCH):
        at = np.searchsorted(ordered, values[part])
        at[at == len(ordered)] = 0
        answer[part] = ordered[at] == values[part]
    return answer


def _number_arcs(ends: Ints, size: Ints) -> Ints:
    """Return a number per arc; arcs of one segment with the same two ends get the number of the first one."""
    canonical = np.arange(len(size), dtype=np.int64)
    single = np.flatnonzero(size == 1)
    if len(single):
        low, high = ends[single].min(axis=1), ends[single].max(axis=1)
        order = np.lexsort((single, high, low))
        fresh = np.append(True, (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1]))
        leaders = single[order][fresh]
        canonical[single[order]] = leaders[np.cumsum(fresh) - 1]
    return canonical


def _find_crossings(points: Floats, numbers: Ints, begins: Ints, stops: Ints, canonical: Ints) -> tuple[Ints, Floats]:
    """Return the pairs of arcs that meet elsewhere than at a common point, and a point near each meeting."""
    none = np.empty((0, 2), dtype=np.int64), np.empty((0, 2))
    if not len(begins):
        return none
    first = canonical == np.arange(len(canonical))
    begins, stops, arc = begins[first], stops[first], np.flatnonzero(first)
    pieces = -(-(stops - begins) // _CHUNK)
    number = np.arange(int(pieces.sum()), dtype=np.int64) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    chunk_begin = np.repeat(begins, pieces) + number * _CHUNK
    chunk_stop = np.minimum(chunk_begin + _CHUNK, np.repeat(stops, pieces))
    chunk_arc = np.repeat(arc, pieces)
    segments = _Segments(points, numbers)
    found, where = [], []

    def add_crossings(arc_a: Ints, arc_b: Ints, met: tuple[Ints, Floats]) -> None:
        pair, place = met
        found.append(np.stack([arc_a[pair], arc_b[pair]], axis=1))
        where.append(place)

    alone = np.flatnonzero(~_are_monotone(points, chunk_begin, chunk_stop))
    for part in _split_range(len(alone), _BATCH // _CHUNK**2 * 2):
        own = alone[part]
        add_crossings(chunk_arc[own], chunk_arc[own], segments.find_self_meeting(chunk_begin[own], chunk_stop[own]))
    low, high = _box_runs(points, chunk_begin, chunk_stop)
    diagonals: NDArray[np.object_] = np.asarray(shapely.linestrings(np.stack([low, high], axis=1)))
    tree = shapely.STRtree(diagonals)
    for part in _split_range(len(low), _BATCH // _CHUNK):
        a, b = tree.query(tree.geometries[part])
        a = a + part.start
        keep = a < b
        a, b = a[keep], b[keep]
        near = np.maximum(low[a], low[b]), np.minimum(high[a], high[b])
        one = segments.find_in_box(chunk_begin[a], chunk_stop[a], *near)
        two = segments.find_in_box(chunk_begin[b], chunk_stop[b], *near)
        add_crossings(chunk_arc[a], chunk_arc[b], segments.find_meeting(one, two, len(a)))
    return np.concatenate(found), np.concatenate(where)


def _split_range(total: int, size: int) -> list[slice]:
    return [slice(at, min(at + size, total)) for at in range(0, total, size)]


def _box_runs(points: Floats, begin: Ints, stop: Ints) -> tuple[Floats, Floats]:
    """Return the lower left and upper right corners of the boxes of runs of points from `begin` to `stop` inclusive."""
    low, high = np.empty((len(begin), 2)), np.empty((len(begin), 2))
    for part in _split_range(len(begin), _BATCH // _CHUNK):
        first, after = begin[part][0], stop[part][-1] + 2
        some = points[first:after]
        if after > len(points):
            some = np.concatenate([some, points[-1:]])
        edges = np.stack([begin[part] - first, stop[part] + 1 - first], axis=1).ravel()
        low[part] = np.minimum.reduceat(some, edges, axis=0)[::2]
        high[part] = np.maximum.reduceat(some, edges, axis=0)[::2]
    return low, high


def _are_monotone(points: Floats, begin: Ints, stop: Ints) -> Bools:
    """Return whether each run of points always advances from first to last point, so that it cannot cross itself."""
    answer = np.empty(len(begin), dtype=np.bool_)
    for part in _split_range(len(begin), _BATCH // _CHUNK):
        size = stop[part] - begin[part]
        segment = expand_ranges(begin[part], stop[part])
        along = np.repeat(points[stop[part]] - points[begin[part]], size, axis=0)
        step = np.einsum("ij,ij->i", points[segment + 1] - points[segment], along)
        answer[part] = np.minimum.reduceat(step, np.cumsum(size) - size) > 0
    return answer


class _Segments:
    """The segments of the ways: segment `index` goes from point `index` to point `index + 1` of `Ways.points`."""

    def __init__(self, points: Floats, numbers: Ints) -> None:
        self._points = points
        self._numbers = numbers

    def find_in_box(self, begin: Ints, stop: Ints, low: Floats, high: Floats) -> tuple[Ints, Ints]:
        """Return the pairs (run, segment of the run) where the segment may meet the box given for the run."""
        run = np.repeat(np.arange(len(begin), dtype=np.int64), stop - begin)
        segment = expand_ranges(begin, stop)
        for axis in (0, 1):
            x = self._points[:, axis]
            p, q = x[segment], x[segment + 1]
            keep = (np.minimum(p, q) <= high[run, axis]) & (np.maximum(p, q) >= low[run, axis])
            run, segment = run[keep], segment[keep]
        return run, segment

    def find_self_meeting(self, begin: Ints, stop: Ints) -> tuple[Ints, Floats]:
        """Return the runs that cross or touch themselves, and a point near each meeting."""
        size = stop - begin
        run = np.repeat(np.arange(len(begin), dtype=np.int64), size)
        s = expand_ranges(begin, stop)
        later = stop[run] - s - 1
        t = expand_ranges(s + 1, stop[run])
        return self._filter_meeting(np.repeat(run, later), np.repeat(s, later), t)

    def find_meeting(self, one: tuple[Ints, Ints], two: tuple[Ints, Ints], pairs: int) -> tuple[Ints, Floats]:
        """Return the pairs of runs that meet elsewhere than at common points, and a point near each meeting."""
        (pair_a, segment_a), (pair_b, segment_b) = one, two
        size = np.bincount(pair_b, minlength=pairs)
        begin = np.cumsum(size) - size
        repeat = size[pair_a]
        t = segment_b[expand_ranges(begin[pair_a], begin[pair_a] + repeat)]
        return self._filter_meeting(np.repeat(pair_a, repeat), np.repeat(segment_a, repeat), t)

    def _filter_meeting(self, pair: Ints, s: Ints, t: Ints) -> tuple[Ints, Floats]:
        for axis in (0, 1):
            x = self._points[:, axis]
            p, q, u, v = x[s], x[s + 1], x[t], x[t + 1]
            keep = (np.minimum(p, q) <= np.maximum(u, v)) & (np.minimum(u, v) <= np.maximum(p, q))
            s, t, pair = s[keep], t[keep], pair[keep]
        bad = self._meet(s, t)
        return pair[bad], self._points[s[bad]]

    def _meet(self, s: Ints, t: Ints) -> Bools:
        number, points = self._numbers, self._points
        same = [number[s + i] == number[t + j] for i in (0, 1) for j in (0, 1)]
        shared = same[0].astype(np.int8) + same[1] + same[2] + same[3]
        p, q, u, v = points[s], points[s + 1], points[t], points[t + 1]
        sides = [_side_of_line(p, q, u), _side_of_line(p, q, v), _side_of_line(u, v, p), _side_of_line(u, v, q)]
        crossing = (sides[0] * sides[1] <= 0) & (sides[2] * sides[3] <= 0)
        # segments with one common point only meet again if they run along each other
        flat = (sides[0] == 0) & (sides[1] == 0)
        back = np.zeros(len(s), dtype=np.bool_)
        for (i, j), common in zip(((0, 0), (0, 1), (1, 0), (1, 1)), same, strict=True):
            here = points[s + i]
            along = np.sum((points[s + 1 - i] - here) * (points[t + 1 - j] - here), axis=1)
            back |= common & flat & (along > 0)
        return np.where(shared == 0, crossing, (shared == 1) & back)


def _side_of_line(begin: Points, end: Points, point: Points) -> NDArray[np.int8]:
    """Return for each point 1 if it is left of the line from begin to end, -1 right of it, 0 on it or too close."""
    one = (end[:, 0] - begin[:, 0]) * (point[:, 1] - begin[:, 1])
    two = (end[:, 1] - begin[:, 1]) * (point[:, 0] - begin[:, 0])
    difference = one - two
    # coordinates are multiples of 1e-7, so a cross product below half of 1e-14 is a rounding error: one line
    unsure = np.abs(difference) < 5e-15 + 1e-15 * (np.abs(one) + np.abs(two)) * 4
    return np.where(unsure, 0, np.sign(difference)).astype(np.int8)
