# SPDX-License-Identifier: Apache-2.0
"""Cut the polygons of zones to small pieces in degrees, with which the database finds the zones that hold a point.

A large polygon takes long to read and to search, a piece only a few microseconds. The pieces have the points of the
file unchanged; the cuts between them run along meridians and parallels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import shapely
from shapely.errors import GEOSException

from .boxes import Box

Clip: TypeAlias = Callable[[shapely.Geometry, Box], shapely.Geometry]

SRID = 4326
MAX_VERTICES = 96  # of a piece: a row above 2 kB would be stored outside of its table by PostgreSQL (TOAST)
MAX_CUTS = 40  # how often a piece is halved, at most; more would be needed only for points on top of each other
LOST_AREA = 1e-9  # share of a zone's area that the pieces may differ by, because of rounding


def cut_shape(shape: shapely.Geometry) -> list[bytes]:
    """Cut an area in degrees; return the pieces as EWKB.

    The fast way to cut does not always keep an area that touches the cut. If it has lost some, a slower one is used.
    """
    pieces = _cut(shape, _clip)
    area = shapely.area(shape)
    if abs(shapely.area(pieces).sum() - area) > LOST_AREA * area:
        try:
            pieces = _cut(shape, _intersect)
        except GEOSException:  # rounding has made the piece invalid
            pieces = _cut(shapely.make_valid(shape, method="structure", keep_collapsed=False), _intersect)
    ewkbs: list[bytes] = shapely.to_wkb(shapely.set_srid(pieces, SRID), include_srid=True, byte_order=1).tolist()
    return ewkbs


def _cut(shape: shapely.Geometry, clip: Clip) -> npt.NDArray[np.object_]:
    done: list[shapely.Geometry] = []
    waiting = [(shape, 0)]
    while waiting:
        piece, cuts = waiting.pop()
        if cuts == MAX_CUTS or shapely.get_num_coordinates(piece) <= MAX_VERTICES:
            done += [part for part in shapely.get_parts(piece) if shapely.get_dimensions(part) == 2]
            continue
        west, south, east, north = shapely.bounds(piece).tolist()
        if east - west > north - south:
            middle = (west + east) / 2
            halves = ((west, south, middle, north), (middle, south, east, north))
        else:
            middle = (south + north) / 2
            halves = ((west, south, east, middle), (west, middle, east, north))
        waiting += [(clip(piece, half), cuts + 1) for half in halves]
    return np.array(done, dtype=object)


def _clip(shape: shapely.Geometry, box: Box) -> shapely.Geometry:
    return shapely.clip_by_rect(shape, *box)


def _intersect(shape: shapely.Geometry, box: Box) -> shapely.Geometry:
    return shapely.intersection(shape, shapely.box(*box))
