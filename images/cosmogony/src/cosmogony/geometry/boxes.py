# SPDX-License-Identifier: Apache-2.0
"""Bounding boxes, also of areas on both sides of the antimeridian (RFC 7946, section 5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from ..array_types import Floats, Ints

Box = tuple[float, float, float, float]  # west, south, east, north in degrees
_BATCH = 2048  # outer boxes that are compared with all others in one call


def build_box_tree(boxes: Floats) -> shapely.STRtree:
    """Return a spatial index (STRtree) of bounding boxes.

    Args:
        boxes: west, south, east, north of each, of shape (n, 4).
    """
    polygons: NDArray[np.object_] = np.asarray(shapely.box(*boxes.T))
    return shapely.STRtree(polygons)


def find_nested_boxes(boxes: Floats) -> Iterator[tuple[Ints, Ints]]:
    """Yield the pairs of different boxes where the first covers the second, as arrays for a batch of outer boxes.

    Args:
        boxes: west, south, east, north of each, of shape (n, 4).

    Yields:
        The indices of the outer boxes and those of the inner ones, in the order of the outer ones.
    """
    tree = build_box_tree(boxes)
    for begin in range(0, len(boxes), _BATCH):
        outer, inner = tree.query(tree.geometries[begin : begin + _BATCH])
        outer = outer + begin
        covers = (
            (outer != inner)
            & (boxes[outer, 0] <= boxes[inner, 0])
            & (boxes[outer, 1] <= boxes[inner, 1])
            & (boxes[outer, 2] >= boxes[inner, 2])
            & (boxes[outer, 3] >= boxes[inner, 3])
        )
        yield outer[covers], inner[covers]


def find_narrowest_longitude_span(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the west and east edge, in degrees, of the narrowest box that covers spans of longitude.

    Args:
        spans: west and east of each, in degrees from -180 to 180; at least one.

    Returns:
        West and east in degrees; west is greater than east where the box crosses the antimeridian.
    """
    ordered = sorted(spans)
    west, reach = ordered[0]
    best, widest = None, 0.0
    for begin, end in ordered[1:]:
        if begin - reach > widest:
            widest, best = begin - reach, (begin, reach)
        reach = max(reach, end)
    outside = west + 360 - reach
    return best if best is not None and widest > outside else (west, reach)


def normalize_longitude(longitude: float) -> float:
    """Return a longitude in degrees, less 360 if it is above 180; longitudes up to 540 are accepted."""
    return longitude - 360 if longitude > 180 else longitude
