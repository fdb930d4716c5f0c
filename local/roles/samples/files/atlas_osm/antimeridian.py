# SPDX-License-Identifier: Apache-2.0
"""Cuts lines at the antimeridian: OSM has borders on both sides of it, and no line from +180 to -180.

A polygon that crosses it falls into open chains that end on it. Along the antimeridian inside and outside
alternate, so the ends are joined in pairs from south to north; where their number is odd the polygon holds a pole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .errors import AtlasError
from .topojson import Point

#: One end of a chain of ways: number of the chain, and 0 for its first point or 1 for its last.
End = tuple[int, int]

HALF = 1_800_000_000
POLE = 900_000_000


def cut_line(points: Sequence[Point]) -> list[list[Point]]:
    """Return a line cut at the antimeridian: a piece ends at ±180 degrees, the next begins at the other side."""
    pieces = [[points[0]]]
    for before, after in pairwise(points):
        if abs(after[0] - before[0]) > HALF:
            side = HALF if before[0] > 0 else -HALF
            latitude = _find_latitude(before, after, side)
            _append(pieces[-1], (side, latitude))
            pieces.append([(-side, latitude)])
        _append(pieces[-1], after)
    return [piece for piece in pieces if len(piece) > 1]


def _find_latitude(before: Point, after: Point, side: int) -> int:
    unwrapped = after[0] + 2 * side
    if unwrapped == before[0]:
        return before[1]
    return round(before[1] + (after[1] - before[1]) * (side - before[0]) / (unwrapped - before[0]))


def _append(piece: list[Point], point: Point) -> None:
    if piece[-1] != point:
        piece.append(point)


def pair_chain_ends(chains: Sequence[tuple[Point, Point]]) -> list[tuple[End, End, list[Point]]]:
    """Return which ends of cut lines on the antimeridian belong together, and the line that joins each pair.

    Args:
        chains: First and last point of each chain.

    Raises:
        AtlasError: a chain ends elsewhere, or an end has no other one.
    """
    sides: dict[int, list[tuple[int, int, int]]] = {HALF: [], -HALF: []}
    for number, chain in enumerate(chains):
        for which, (x, y) in enumerate(chain):
            if x not in sides:
                raise AtlasError(f"a ring is open at {x / 1e7} {y / 1e7}, which is not on the antimeridian")
            sides[x].append((y, number, which))
    for ends in sides.values():
        ends.sort()
    pairs: list[tuple[End, End, list[Point]]] = []
    east, west = sides[HALF], sides[-HALF]
    if len(east) % 2 != len(west) % 2:
        raise AtlasError("a polygon has an end on one side of the antimeridian only")
    if len(east) % 2:
        south = sum(y for y, _, _ in east + west) < 0
        first, second = (east.pop(0), west.pop(0)) if south else (east.pop(), west.pop())
        pole = -POLE if south else POLE
        line = [(HALF, first[0]), (HALF, pole), (-HALF, pole), (-HALF, second[0])]
        pairs.append((first[1:], second[1:], line))
    for x, ends in sides.items():
        for first, second in zip(ends[::2], ends[1::2], strict=True):
            pairs.append((first[1:], second[1:], [(x, first[0]), (x, second[0])] if first[0] != second[0] else []))
    return pairs
