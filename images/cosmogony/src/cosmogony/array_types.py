# SPDX-License-Identifier: Apache-2.0
"""Names for the types of NumPy arrays. An array has one dimension unless its description names a shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Points = NDArray[np.float64]
"""Longitude and latitude in degrees, of shape (n, 2)."""
