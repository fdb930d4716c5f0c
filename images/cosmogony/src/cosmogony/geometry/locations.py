# SPDX-License-Identifier: Apache-2.0
"""Locations as single integers, so that nodes at the same location can be recognised."""

from __future__ import annotations

import numpy as np

from ..array_types import Ints, Points

_SCALE = 1e7  # units per degree: OSM coordinates are multiples of 1e-7 degrees
_BATCH = 1 << 16  # points that are encoded in one step, to save memory


def encode_locations(points: Points) -> Ints:
    """Return longitude and latitude of each point as one integer; equal integers are equal locations.

    Args:
        points: of shape (n, 2), in degrees.
    """
    numbers = np.empty(len(points), dtype=np.int64)
    for at in range(0, len(points), _BATCH):
        scaled = np.rint(points[at : at + _BATCH] * _SCALE).astype(np.int64)
        numbers[at : at + _BATCH] = (scaled[:, 0] << 32) + scaled[:, 1]
    return numbers


def decode_locations(numbers: Ints) -> Ints:
    """Return longitude and latitude of encoded locations, in units of 1e-7 degrees, of shape (n, 2)."""
    x = (numbers + (1 << 31)) >> 32
    return np.stack([x, numbers - (x << 32)], axis=1)
