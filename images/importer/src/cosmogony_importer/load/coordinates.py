# SPDX-License-Identifier: Apache-2.0
"""Fast path: parse the coordinates of a (Multi)Polygon straight into a NumPy array of shape (n, 2).

No Python object is created per position. Unusual geometries are left to the general parser.
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
    """All points of a (Multi)Polygon in degrees, and how many each ring of each polygon has."""

    points: Degrees
    parts: list[list[int]]


def parse_coordinates(nested: simdjson.Array, is_multi: bool, text: bytes) -> Coordinates:
    """Convert the coordinates of a GeoJSON Polygon or MultiPolygon to a NumPy array.

    Args:
        nested: the value of `coordinates`.
        is_multi: whether they belong to a MultiPolygon.
        text: the JSON text of `nested`, which shows positions with missing numbers.

    Raises:
        ValueError: the coordinates are not closed rings of positions with two numbers each.
        TypeError: the coordinates are not nested like those of an area.
    """
    polygons: Any = nested if is_multi else [nested]
    parts = [[len(ring) for ring in polygon] for polygon in polygons]
    numbers = np.frombuffer(nested.as_buffer(of_type="d"))
    lengths = np.array([length for part in parts for length in part])
    if not len(numbers) or len(numbers) != 2 * lengths.sum() or lengths.min() < 4:
        raise ValueError("not two numbers per position, or fewer than four positions in a ring")
    # Positions have two numbers on average. One with fewer has no comma between its brackets. Nothing is nested deeper.
    brackets = is_multi + len(parts) + len(lengths) + lengths.sum()
    if b"[]" in text.translate(None, NUMBERS) or text.count(b"[") != brackets:
        raise ValueError("a position without two numbers")
    points = numbers.reshape(-1, 2)
    ends = lengths.cumsum()
    if not (points[ends - lengths] == points[ends - 1]).all():
        raise ValueError("a ring is not closed")
    return Coordinates(points, parts)
