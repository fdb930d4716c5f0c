# SPDX-License-Identifier: Apache-2.0
"""Zones as JSON records, with the keys of the original, all of them always there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import shapely

from ..osm.reader import Ways
from ..osm.text import clean
from ..zones.labels import Labels
from ..zones.zone import Zone

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


class Records:
    """Turns zones into records.

    Args:
        zones: all zones, each at the position that is its index.
        ways: the ways that their areas are made of.
        languages: of labels; empty means all.
    """

    def __init__(self, zones: Sequence[Zone], ways: Ways, languages: Sequence[str] = ()) -> None:
        self._ways = ways
        self._labels = self._make_labels(zones, languages)

    def _make_labels(self, zones: Sequence[Zone], languages: Sequence[str]) -> Labels:
        return Labels(zones, languages)

    def label(self, zone: Zone) -> str:
        """Return the label in the local language."""
        return self._labels.label(zone)

    def international_labels(self, zone: Zone) -> dict[str, str]:
        """Return the labels by language."""
        return self._labels.international(zone)

    def shape(self, zone: Zone) -> shapely.MultiPolygon | None:
        """Build the geometry."""
        return zone.geometry(self._ways)

    def line(self, zone: Zone) -> bytes:
        """Return the record as JSON, without line feed."""
        return orjson.dumps(self.record(zone), option=_OPTIONS)

    def record(self, zone: Zone) -> dict[str, Any]:
        """Return the record; coordinates are arrays of shape (n, 2) that `line` can write."""
        tags = zone.tags
        centre = zone.centre_point
        return {
            "id": zone.index,
            "osm_id": zone.osm_id,
            "admin_level": zone.level,
            "zone_type": zone.type_word,
            "name": zone.name,
            "loc_name": self._text(tags.get("loc_name", "")),
            "alt_name": self._text(tags.get("alt_name", "")),
            "label": self._labels.label(zone),
            "international_labels": self._labels.international(zone),
            "zip_codes": zone.zip_codes,
            "center": None if centre is None else {"type": "Point", "coordinates": centre},
            "geometry": self._geometry(zone),
            "bbox": zone.globe_box,
            "tags": tags,
            "center_tags": self._center_tags(zone),
            "parent": zone.parent,
            "wikidata": zone.wikidata,
            "is_generated": zone.generated,
            "country_code": zone.country,
        }

    def _text(self, text: str) -> str:
        return clean(text)

    def _center_tags(self, zone: Zone) -> dict[str, str]:
        return zone.centre.tags if zone.centre is not None else {}

    def _geometry(self, zone: Zone) -> dict[str, Any] | None:
        shape = zone.shape if zone.area is None else zone.area.shape
        if shape is not None:
            return {"type": "MultiPolygon", "coordinates": _coordinates_of(shape)}
        if zone.area is None:
            return None
        coordinates = [
            [np.ascontiguousarray(ring.directed(self._ways, outer=k == 0)) for k, ring in enumerate(part.rings())]
            for part in zone.area.parts
        ]
        return {"type": "MultiPolygon", "coordinates": coordinates}


def _coordinates_of(shape: shapely.MultiPolygon) -> list[list[Any]]:
    return [
        [np.ascontiguousarray(shapely.get_coordinates(ring)) for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shape.geoms
    ]
