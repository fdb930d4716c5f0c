# SPDX-License-Identifier: Apache-2.0
"""Zones as JSON records with the keys of the original; every record has all keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import shapely

from ..geometry.areas import get_coordinates
from ..osm.reader import Ways
from ..osm.text import clean_text
from ..zones.labels import LabelMaker
from ..zones.zone import Zone

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


class RecordMaker:
    """Turns zones into JSON records, with the keys that `cosmogony` files have.

    Args:
        zones: all zones, each at the position that is its index.
        ways: the ways that their areas are made of.
        languages: of labels; empty means all.
    """

    def __init__(self, zones: Sequence[Zone], ways: Ways, languages: Sequence[str] = ()) -> None:
        self._ways = ways
        self._labels = self._make_labels(zones, languages)

    def _make_labels(self, zones: Sequence[Zone], languages: Sequence[str]) -> LabelMaker:
        return LabelMaker(zones, languages)

    def make_local_label(self, zone: Zone) -> str:
        """Return the label of a zone in the local language."""
        return self._labels.make_local_label(zone)

    def make_international_labels(self, zone: Zone) -> dict[str, str]:
        """Return the labels of a zone in other languages, by language code."""
        return self._labels.make_international_labels(zone)

    def build_shape(self, zone: Zone) -> shapely.MultiPolygon | None:
        """Build the geometry of a zone, None if it has none."""
        return zone.build_geometry(self._ways)

    def encode_zone(self, zone: Zone) -> bytes:
        """Return the record of a zone as JSON in UTF-8, without line feed."""
        return orjson.dumps(self.make_record(zone), option=_OPTIONS)

    def make_record(self, zone: Zone) -> dict[str, Any]:
        """Return the record of a zone; its coordinates are arrays of shape (n, 2), which `encode_zone` can write."""
        tags = zone.tags
        centre = zone.centre_point
        return {
            "id": zone.index,
            "osm_id": zone.osm_id,
            "admin_level": zone.level,
            "zone_type": zone.type_name,
            "name": zone.name,
            "loc_name": self._clean_text(tags.get("loc_name", "")),
            "alt_name": self._clean_text(tags.get("alt_name", "")),
            "label": self._labels.make_local_label(zone),
            "international_labels": self._labels.make_international_labels(zone),
            "zip_codes": zone.zip_codes,
            "center": None if centre is None else {"type": "Point", "coordinates": centre},
            "geometry": self._make_geometry(zone),
            "bbox": zone.globe_box,
            "tags": tags,
            "center_tags": self._get_center_tags(zone),
            "parent": zone.parent,
            "wikidata": zone.wikidata,
            "is_generated": zone.generated,
            "country_code": zone.country,
        }

    def _clean_text(self, text: str) -> str:
        return clean_text(text)

    def _get_center_tags(self, zone: Zone) -> dict[str, str]:
        return zone.centre.tags if zone.centre is not None else {}

    def _make_geometry(self, zone: Zone) -> dict[str, Any] | None:
        if zone.area is not None:
            coordinates = zone.area.get_coordinates(self._ways, oriented=True)
        elif zone.shape is not None:
            coordinates = get_coordinates(zone.shape)
        else:
            return None
        # orjson can write contiguous arrays only
        contiguous = [[np.ascontiguousarray(points) for points in polygon] for polygon in coordinates]
        return {"type": "MultiPolygon", "coordinates": contiguous}
