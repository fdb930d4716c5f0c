# SPDX-License-Identifier: Apache-2.0
"""Boxes around the globe: the narrowest one, west greater than east across the antimeridian."""

from __future__ import annotations

import pytest
from cosmogony.geometry.boxes import find_narrowest_longitude_span, normalize_longitude


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(5.7, 6.5)], (5.7, 6.5)),
        ([(5.0, 6.0), (9.0, 10.0)], (5.0, 10.0)),
        ([(177.0, 180.0), (-180.0, -179.0)], (177.0, -179.0)),
        ([(166.0, 178.6), (-176.9, -175.8)], (166.0, -175.8)),  # parts on both sides that do not reach it
        ([(172.4, 180.0), (-180.0, -129.0), (-125.0, -67.0)], (172.4, -67.0)),
        ([(-180.0, 180.0)], (-180.0, 180.0)),
        ([(-180.0, -10.0), (-20.0, 180.0)], (-180.0, 180.0)),
        ([(170.0, 180.0), (-180.0, 20.0), (10.0, 60.0)], (170.0, 60.0)),
        ([(19.6, 180.0), (-180.0, -168.9)], (19.6, -168.9)),
    ],
)
def test_narrowest_span(spans: list[tuple[float, float]], expected: tuple[float, float]) -> None:
    assert find_narrowest_longitude_span(spans) == expected
    assert find_narrowest_longitude_span(reversed(spans)) == expected


def test_normalize_longitude() -> None:
    assert [normalize_longitude(x) for x in (-180.0, 0.0, 180.0, 181.0)] == [-180.0, 0.0, 180.0, -179.0]
