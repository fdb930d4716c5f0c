# SPDX-License-Identifier: Apache-2.0
"""Locations as numbers: two points at one place are one point, whatever nodes they come from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SCALE = 1e7  # OSM coordinates are whole multiples of 1e-7 degrees
_BATCH = 1 << 16  # points looked at together


def number_locations(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same number for the same place: both coordinates in one integer."""
    numbers = np.empty(len(points), dtype=np.int64)
    for at in range(0, len(points), _BATCH):
        whole = np.rint(points[at : at + _BATCH] * _SCALE).astype(np.int64)
        numbers[at : at + _BATCH] = (whole[:, 0] << 32) + whole[:, 1]
    return numbers


def coordinates_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Longitude and latitude of numbered locations, in units of 1e-7 degrees."""
    x = (numbers + (1 << 31)) >> 32
    return np.stack([x, numbers - (x << 32)], axis=1)
