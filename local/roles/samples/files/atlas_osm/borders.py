# SPDX-License-Identifier: Apache-2.0
"""Makes OSM ways from the arcs of an atlas; neighbouring areas share the way of an arc."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from . import antimeridian
from .errors import AtlasError
from .topojson import Point, Ring, Shape

#: A way in a ring: number of the way, and whether it is walked backwards.
Step = tuple[int, bool]
#: A member of a relation: number of the way and its role, outer or inner.
Member = tuple[int, str]


class Borders:
    """The OSM ways of an atlas; each is made when the members of a relation need it first."""

    def __init__(self, arcs: Sequence[Sequence[Point]]) -> None:
        self._arcs = arcs
        self._between: dict[tuple[Point, Point], int] = {}
        for number, points in enumerate(arcs):
            self._between.setdefault((points[0], points[-1]), number)
            self._between.setdefault((points[-1], points[0]), ~number)
        self._pieces: dict[int, list[Step]] = {}
        self._known: dict[tuple[Point, ...], int] = {}
        self.ways: list[tuple[Point, ...]] = []

    def list_members(self, *shapes: Shape) -> list[Member]:
        """Return ways and roles of the relation that covers the shapes, ring after ring; make ways that are missing."""
        rings = [ring for shape in shapes for polygon in shape.polygons for ring in self._split_polygon(polygon)]
        # A way that occurs twice has the relation's area on both sides, so it is not part of its border.
        count = Counter(way for _, steps in rings for way, _ in steps)
        found: dict[int, str] = {}
        for role, steps in rings:
            for way, _ in steps:
                if count[way] % 2:
                    found.setdefault(way, role)
        return list(found.items())

    def _split_polygon(self, polygon: Sequence[Ring]) -> Iterable[tuple[str, list[Step]]]:
        chains: list[list[Step]] = []
        for number, ring in enumerate(polygon):
            parts = self._split_ring([step for arc in self._close_gaps(ring) for step in self._walk_arc(arc)])
            if len(parts) == 1 and self._first(parts[0][0]) == self._last(parts[0][-1]):
                if self._has_area(parts[0]):
                    yield ("inner" if number else "outer"), parts[0]
            else:
                chains += parts
        for joined in self._join_chains(chains):
            if self._has_area(joined):
                yield "outer", joined

    def _close_gaps(self, ring: Ring) -> list[int]:
        """Return a ring's arcs; where the atlas lost one in a merge, the arc that spans the gap is inserted."""
        arcs: list[int] = []
        for arc, following in zip(ring, (*ring[1:], ring[0]), strict=True):
            arcs.append(arc)
            gap = self._end(arc), self._end(~following)
            if gap[0] != gap[1] and gap in self._between:
                arcs.append(self._between[gap])
        return arcs

    def _end(self, arc: int) -> Point:
        return self._arcs[arc][-1] if arc >= 0 else self._arcs[~arc][0]

    def _walk_arc(self, arc: int) -> list[Step]:
        number = arc if arc >= 0 else ~arc
        if number not in self._pieces:
            self._pieces[number] = [self._add_way(piece) for piece in antimeridian.cut_line(self._arcs[number])]
        steps = self._pieces[number]
        return steps if arc >= 0 else [(way, not backwards) for way, backwards in reversed(steps)]

    def _add_way(self, points: Sequence[Point]) -> Step:
        line = tuple(points)
        turned = line[::-1]
        backwards = turned < line
        key = turned if backwards else line
        if key not in self._known:
            self._known[key] = len(self.ways)
            self.ways.append(line)
        number = self._known[key]
        return number, self.ways[number] != line

    def _first(self, step: Step) -> Point:
        return self.ways[step[0]][-1 if step[1] else 0]

    def _last(self, step: Step) -> Point:
        return self.ways[step[0]][0 if step[1] else -1]

    def _has_area(self, ring: Sequence[Step]) -> bool:
        return len({point for way, _ in ring for point in self.ways[way]}) > 2

    def _split_ring(self, steps: list[Step]) -> list[list[Step]]:
        """Split a ring where a way does not begin at the end of the one before; return the connected chains."""
        parts: list[list[Step]] = []
        for step in steps:
            if parts and self._last(parts[-1][-1]) == self._first(step):
                parts[-1].append(step)
            else:
                parts.append([step])
        if len(parts) > 1 and self._last(parts[-1][-1]) == self._first(parts[0][0]):
            parts[0] = parts.pop() + parts[0]
        return parts

    def _join_chains(self, chains: list[list[Step]]) -> Iterable[list[Step]]:
        """Join chains of ways that end on the antimeridian, and yield the closed rings."""
        if not chains:
            return
        ends = [(self._first(chain[0]), self._last(chain[-1])) for chain in chains]
        across: dict[tuple[int, int], tuple[tuple[int, int], list[Step]]] = {}
        for one, two, line in antimeridian.pair_chain_ends(ends):
            steps = [self._add_way(line)] if line else []
            across[one] = two, steps
            across[two] = one, [(way, not backwards) for way, backwards in reversed(steps)]
        left = set(range(len(chains)))
        while left:
            begin = number = min(left)
            enter, ring = 0, []
            while number in left:
                left.remove(number)
                chain = chains[number]
                ring += chain if enter == 0 else [(way, not backwards) for way, backwards in reversed(chain)]
                (number, enter), steps = across[number, 1 - enter]
                ring += steps
            if (number, enter) != (begin, 0):
                raise AtlasError("the borders at the antimeridian do not close")
            yield ring
