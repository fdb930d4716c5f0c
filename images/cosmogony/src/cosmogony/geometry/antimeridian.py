# SPDX-License-Identifier: Apache-2.0
"""Cut rings with a segment that jumps from 180 to -180 degrees there, as RFC 7946, section 3.1.9, requires."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

from ..array_types import Points
from ..osm.reader import Ways
from .polygon_extraction import extract_polygons

Shape = TypeVar("Shape", shapely.MultiPolygon, NDArray[np.object_])

_HALF_TURN = 180.0  # degrees


def find_jumping_ways(ways: Ways) -> frozenset[int]:
    """Return the ways (index in `Ways`) with a segment from one side of the antimeridian to the other."""
    jumps = np.flatnonzero(np.abs(np.diff(ways.points[:, 0])) > _HALF_TURN)
    owner = np.searchsorted(ways.start, jumps, side="right") - 1
    return frozenset(owner[jumps + 1 < ways.start[owner + 1]].tolist())


def crosses_antimeridian(points: Points) -> bool:
    """Return whether a ring can be cut at the antimeridian; False for a ring that goes around a pole.

    Args:
        points: the closed ring, of shape (n, 2), in degrees.
    """
    return bool(_unroll(points)[-1, 0] == points[0, 0])


def cut_at_antimeridian(rings: Iterable[Points]) -> shapely.MultiPolygon | None:
    """Return the area that lies inside an odd number of the rings, cut at 180 degrees; None if it is empty.

    Args:
        rings: closed rings, each of shape (n, 2), in degrees.
    """
    shape: shapely.Geometry = shapely.MultiPolygon()
    for points in rings:
        if len(points) >= 4:
            ring = _unroll(points) if crosses_antimeridian(points) else points
            polygon = shapely.make_valid(shapely.Polygon(ring), method="structure")
            shape = shapely.symmetric_difference(shape, wrap_longitudes(polygon))
    found = extract_polygons(shape)
    return None if found is None else shapely.orient_polygons(found)


def _unroll(points: Points) -> Points:
    """Return the points of a ring with longitudes that continue beyond ±180 degrees instead of jumping."""
    steps = np.diff(points[:, 0])
    turns = np.concatenate([[0.0], np.cumsum(-2 * _HALF_TURN * np.rint(steps / (2 * _HALF_TURN)))])
    unrolled: Points = points + np.stack([turns, np.zeros(len(points))], axis=1)
    return unrolled


def shift_eastward(shape: Shape, west: float) -> Shape:
    """Return the shape with all points west of a longitude moved by 360 degrees, in one piece across 180 degrees.

    Args:
        shape: a geometry, or an array of them.
        west: the longitude in degrees.
    """
    return shapely.transform(shape, lambda points: points + np.outer(points[:, 0] < west, [2 * _HALF_TURN, 0.0]))


def wrap_longitudes(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the shape with the parts beyond ±180 degrees moved back between -180 and 180."""
    pieces = []
    for turn in (-2 * _HALF_TURN, 0.0, 2 * _HALF_TURN):
        world = shapely.box(turn - _HALF_TURN, -90, turn + _HALF_TURN, 90)
        pieces.append(affinity.translate(shapely.intersection(shape, world), -turn))
    return shapely.union_all(pieces)
