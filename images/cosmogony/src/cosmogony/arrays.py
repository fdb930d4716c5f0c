# SPDX-License-Identifier: Apache-2.0
"""Types of NumPy arrays. Where a shape is not said, the array has one dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Points = NDArray[np.float64]
"""Longitude and latitude in degrees, of shape (n, 2)."""
