# SPDX-License-Identifier: Apache-2.0
"""The cylindrical equal-area projection of the ellipsoid WGS 84: areas in it are those on the ground."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .coordinates import Degrees

RADIUS = 6378137.0  # metres, semi-major axis of WGS 84
ECCENTRICITY = 0.0818191908426215  # first eccentricity of WGS 84

Metres = npt.NDArray[np.float64]  # of shape (n, 2)


def project_to_equal_area(degrees: Degrees) -> Metres:
    """Return longitudes and latitudes in degrees as metres of the equal-area projection."""
    return _project_sines(RADIUS * np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1])))


def project_mercator_to_equal_area(points: Metres) -> Metres:
    """Return points in web mercator (EPSG:3857) as metres of the equal-area projection."""
    return _project_sines(points[:, 0], np.tanh(points[:, 1] / RADIUS))


def _project_sines(eastings: npt.NDArray[np.float64], sines: npt.NDArray[np.float64]) -> Metres:
    # Snyder, Map Projections: A Working Manual (USGS 1395), equation 3-12
    scaled = ECCENTRICITY * sines
    northings = (1 - ECCENTRICITY**2) * (sines / (1 - scaled**2) + np.arctanh(scaled) / ECCENTRICITY)
    return np.column_stack((eastings, RADIUS / 2 * northings))
