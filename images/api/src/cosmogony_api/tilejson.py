# SPDX-License-Identifier: Apache-2.0
"""TileJSON of the live release: tile URLs carry its id, so they can be cached for ever."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

WORLD = (-180.0, -85.0511, 180.0, 85.0511)
MIN_ZOOM = 0
MAX_ZOOM = 20
START_ZOOM_MAX = 12


def document(base: str, release: str | None, bounds: Sequence[float] | None, attribution: str) -> dict[str, Any]:
    """Describe the tileset ``cosmogony`` as seen from ``base`` (scheme and host); ``attribution`` is HTML."""
    version = f"?v={release}" if release else ""
    box = [round(number, 6) for number in (bounds or WORLD)]
    result: dict[str, Any] = {
        "tilejson": "2.0.0",
        "id": "cosmogony",
        "name": "cosmogony",
        "description": "cosmogony",
        "basename": "cosmogony",
        "attribution": attribution,
        "format": "pbf",
        "scheme": "xyz",
        "tiles": [f"{base}/tiles/cosmogony/{{z}}/{{x}}/{{y}}.pbf{version}"],
        "minzoom": MIN_ZOOM,
        "maxzoom": MAX_ZOOM,
        "bounds": box,
        "center": center(box),
        "vector_layers": [
            {
                "id": "vector-zones",
                "description": "Zones with id, name, admin level and type",
                "minzoom": MIN_ZOOM,
                "maxzoom": MAX_ZOOM,
                "fields": {
                    "id": "Number (the feature id)",
                    "name": "String",
                    "admin_level": "Number",
                    "zone_type": "String",
                },
            }
        ],
    }
    if release:
        result["release"] = release
    return result


def center(box: Sequence[float]) -> list[float]:
    """Return the middle of a box and the zoom at which it fills about one screen."""
    west, south, east, north = box
    middle = (_mercator(south) + _mercator(north)) / 2
    latitude = math.degrees(2 * math.atan(math.exp(middle)) - math.pi / 2)
    span = max((east - west) / 360, (_mercator(north) - _mercator(south)) / (2 * math.pi), 1e-9)
    # A screen is about three tiles of 256 pixels wide.
    zoom = max(0, min(START_ZOOM_MAX, math.floor(math.log2(3 / span))))
    return [round((west + east) / 2, 6), round(latitude, 6), zoom]


def _mercator(latitude: float) -> float:
    limited = max(-85.0511, min(85.0511, latitude))
    return math.log(math.tan(math.pi / 4 + math.radians(limited) / 2))
