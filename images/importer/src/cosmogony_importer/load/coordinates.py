# SPDX-License-Identifier: Apache-2.0
"""Coordinates of the usual areas, read without an object a point: closed rings of longitude and latitude."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import simdjson

AREAS = ("Polygon", "MultiPolygon")
NUMBERS = b"0123456789+-.eE \t\r\n"


class Coordinates(NamedTuple):
    """All points of an area, and the number of points of each ring of each of its polygons."""

    points: np.ndarray
    parts: list[list[int]]


def read(nested: simdjson.Array, many: bool, text: bytes) -> Coordinates:
    """The coordinates of a polygon or of several; ValueError when they are not the usual ones.

    `text` is what was parsed: where numbers are missing in a position, it shows.
    """
    polygons = nested if many else [nested]
    parts = [[len(ring) for ring in polygon] for polygon in polygons]
    numbers = np.frombuffer(nested.as_buffer(of_type="d"))
    lengths = np.array([length for part in parts for length in part])
    if not len(numbers) or len(numbers) != 2 * lengths.sum() or lengths.min() < 4:
        raise ValueError("not two numbers a position, or fewer than four positions in a ring")
    # On average two numbers a position; where one has less, its brackets hold no comma. Nothing lies deeper.
    brackets = many + len(parts) + len(lengths) + lengths.sum()
    if b"[]" in text.translate(None, NUMBERS) or text.count(b"[") != brackets:
        raise ValueError("a position of other than two numbers")
    points = numbers.reshape(-1, 2)
    ends = lengths.cumsum()
    if not (points[ends - lengths] == points[ends - 1]).all():
        raise ValueError("a ring is not closed")
    return Coordinates(points, parts)
