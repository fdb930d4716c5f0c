# SPDX-License-Identifier: Apache-2.0
"""TileJSON of the live release: tile URLs carry its id, so they can be cached forever."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import UNSET

from cosmogony_api.models import TileJson, VectorLayer

WORLD = (-180.0, -85.0511, 180.0, 85.0511)
MIN_ZOOM = 0
MAX_ZOOM = 20
START_ZOOM_MAX = 12


def make_tilejson(site: str, release: str | None, bounds: Sequence[float] | None, attribution: str) -> TileJson:
    """Return the TileJSON of the vector tiles of a release.

    Args:
        site: scheme, host and path of the site, before the path of the tiles; may be empty.
        release: id of the release; None over a database of the original importer.
        bounds: west, south, east, north in degrees; None for the world.
        attribution: HTML.
    """
    version = f"?v={release}" if release else ""
    box = [round(number, 6) for number in (bounds or WORLD)]
    layer = VectorLayer(
        id="vector-zones",
        description="Zones with id, name, admin level and type",
        minzoom=MIN_ZOOM,
        maxzoom=MAX_ZOOM,
        fields={
            "id": "Number (the feature id)",
            "name": "String",
            "admin_level": "Number",
            "zone_type": "String",
        },
    )
    return TileJson(
        attribution=attribution,
        tiles=[f"{site}/tiles/cosmogony/{{z}}/{{x}}/{{y}}.pbf{version}"],
        minzoom=MIN_ZOOM,
        maxzoom=MAX_ZOOM,
        bounds=box,
        center=find_center(box),
        vector_layers=[layer],
        release=release or UNSET,
    )


def find_center(box: Sequence[float]) -> list[float]:
    """Return longitude and latitude of the middle of a box, and the zoom at which it fills about one screen."""
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
