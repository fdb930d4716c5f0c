# SPDX-License-Identifier: Apache-2.0
"""Boxes and centres of areas that may lie on both sides of the antimeridian (RFC 7946, section 5.2)."""

from __future__ import annotations

from collections.abc import Iterable

Box = tuple[float, float, float, float]  # west, south, east, north in degrees


def narrowest_span(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return west and east of the narrowest box around spans of longitude.

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
    """Return a longitude of at most 540 degrees as one of at most 180."""
    return longitude - 360 if longitude > 180 else longitude
