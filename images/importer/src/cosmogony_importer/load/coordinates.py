# SPDX-License-Identifier: Apache-2.0
"""Fast path: parse the coordinates of a (Multi)Polygon straight into a NumPy array of shape (n, 2).

No Python object is made per position. Whatever is unusual is left to the general parser.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import simdjson

AREAS = ("Polygon", "MultiPolygon")
NUMBERS = b"0123456789+-.eE \t\r\n"

Degrees = npt.NDArray[np.float64]  # of shape (n, 2): longitude and latitude


class Coordinates(NamedTuple):
    """All points of an area, and the number of points of each ring of each of its polygons."""

    points: Degrees
    parts: list[list[int]]


def parse_coordinates(nested: simdjson.Array, is_multi: bool, text: bytes) -> Coordinates:
    """Parse the coordinates of a Polygon, or of a MultiPolygon.

    Args:
        nested: the value of `coordinates`.
        is_multi: whether it is that of a MultiPolygon.
        text: what was parsed into `nested`; it shows positions in which numbers are missing.

    Raises:
        ValueError: the coordinates are not closed rings of positions with two numbers each.
        TypeError: they are not nested as those of an area.
    """
    polygons: Any = nested if is_multi else [nested]
    parts = [[len(ring) for ring in polygon] for polygon in polygons]
    numbers = np.frombuffer(nested.as_buffer(of_type="d"))
    lengths = np.array([length for part in parts for length in part])
    if not len(numbers) or len(numbers) != 2 * lengths.sum() or lengths.min() < 4:
        raise ValueError("not two numbers a position, or fewer than four positions in a ring")
    # On average two numbers a position; where one has less, its brackets hold no comma. Nothing lies deeper.
    brackets = is_multi + len(parts) + len(lengths) + lengths.sum()
    if b"[]" in text.translate(None, NUMBERS) or text.count(b"[") != brackets:
        raise ValueError("a position of other than two numbers")
    points = numbers.reshape(-1, 2)
    ends = lengths.cumsum()
    if not (points[ends - lengths] == points[ends - 1]).all():
        raise ValueError("a ring is not closed")
    return Coordinates(points, parts)
