# SPDX-License-Identifier: Apache-2.0
"""Rings with a segment that jumps from 180 to -180 degrees: cut there, as RFC 7946, section 3.1.9, asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

from ..osm.reader import Ways
from .areas import Points
from .shapes import polygons_of

_HALF_TURN = 180.0


def ways_that_jump(ways: Ways) -> frozenset[int]:
    """The ways (index in `Ways`) with two neighbouring points on both sides of the antimeridian."""
    jumps = np.flatnonzero(np.abs(np.diff(ways.points[:, 0])) > _HALF_TURN)
    owner = np.searchsorted(ways.start, jumps, side="right") - 1
    return frozenset(owner[jumps + 1 < ways.start[owner + 1]].tolist())


def crosses_antimeridian(points: Points) -> bool:
    """Whether a ring with a jump closes when it is unrolled; one around a pole does not, and is right as it is."""
    return bool(_unrolled(points)[-1, 0] == points[0, 0])


def polygons_across(rings: Iterable[Points]) -> shapely.MultiPolygon | None:
    """What lies in an odd number of the rings, cut at the antimeridian; None when nothing does."""
    shape: shapely.Geometry = shapely.MultiPolygon()
    for points in rings:
        if len(points) >= 4:
            ring = _unrolled(points) if crosses_antimeridian(points) else points
            polygon = shapely.make_valid(shapely.Polygon(ring), method="structure")
            shape = shapely.symmetric_difference(shape, rolled_up(polygon))
    found = polygons_of(shape)
    return None if found is None else shapely.orient_polygons(found)


def _unrolled(points: Points) -> Points:
    """The ring with longitudes that go on beyond 180 degrees instead of jumping."""
    steps = np.diff(points[:, 0])
    turns = np.concatenate([[0.0], np.cumsum(-2 * _HALF_TURN * np.rint(steps / (2 * _HALF_TURN)))])
    return points + np.stack([turns, np.zeros(len(points))], axis=1)


def turned_east(shape: shapely.Geometry, west: float) -> shapely.Geometry:
    """The shape with what lies west of a longitude moved by a turn, so that it is in one piece across 180 degrees."""
    return shapely.transform(shape, lambda points: points + np.outer(points[:, 0] < west, [2 * _HALF_TURN, 0.0]))


def rolled_up(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape that goes on beyond 180 degrees, its pieces moved back between -180 and 180."""
    pieces = []
    for turn in (-2 * _HALF_TURN, 0.0, 2 * _HALF_TURN):
        world = shapely.box(turn - _HALF_TURN, -90, turn + _HALF_TURN, 90)
        pieces.append(shapely.transform(shapely.intersection(shape, world), _mover(-turn)))
    return shapely.union_all(pieces)


def _mover(by: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda points: points + np.array([by, 0.0])
