# SPDX-License-Identifier: Apache-2.0
"""Read what the API returns of a zone: label, names, population, postcodes, centre.

All of it is optional. What is missing, or has another form than the extractor gives it, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from .zone_parsing import UNSTORABLE, ZoneRecord

NAME_PREFIX = "name:"  # of tags: a name in the language that follows
OTHER_NAME_TAGS = ("alt_name", "loc_name", "official_name", "short_name", "int_name", "old_name")
SEPARATOR = ";"  # between the values of one OSM tag
MAX_POPULATION = 20_000_000_000  # more is not a number of people
_NUMBER = re.compile(r"\D{0,4}(\d{1,3}(?:[ .,']\d{3})+|\d+)(?:[.,]\d{1,2})?(?!\S*\d)")  # 12345, ~12 345 (2019), 12,345


def clean_storable_text(value: Any) -> str | None:
    """Return text with single blanks between its words; None if there is none, or if it cannot be stored."""
    if not isinstance(value, str) or UNSTORABLE.search(value):
        return None
    return value if value.isprintable() and value.strip() == value != "" else " ".join(value.split()) or None


def clean_storable_texts(value: Any) -> list[str]:
    """Return the texts of a list, without empty ones."""
    found = map(clean_storable_text, value) if isinstance(value, list) else ()
    return [text for text in found if text]


def encode_jsonb(names: dict[str, str]) -> bytes:
    """Return names as a binary COPY has them for a column of type jsonb: a version number, then JSON."""
    return b"\x01" + orjson.dumps(names)


def collect_names(zone: ZoneRecord) -> dict[str, str]:
    """Return the names of a zone by language: those of its tags, also where they equal its name in the local language.

    The centre's name in a language that the zone's tags do not have counts if the zone's label in that language begins
    with it: then the extractor has found that zone and centre are the same place.
    """
    tags, center_tags, labels = (_get_mapping(zone, key) for key in ("tags", "center_tags", "international_labels"))
    names = _collect_tagged(tags)
    for language, name in _collect_tagged(center_tags).items():
        label = labels.get(language)
        if language not in names and isinstance(label, str) and label.startswith(name):
            names[language] = name
    return names


def collect_other_names(zone: ZoneRecord) -> list[str]:
    """Return the other names of a zone in the local language, as `alt_name` and its like have them, each once."""
    tags = _get_mapping(zone, "tags")
    found = [tags.get(key) for key in OTHER_NAME_TAGS]
    texts = [clean_storable_text(part) for value in found if isinstance(value, str) for part in value.split(SEPARATOR)]
    return [text for text in dict.fromkeys(texts) if text and text != zone["name"]]


def read_population(zone: ZoneRecord) -> int | None:
    """Return the number of inhabitants in the tags of a zone, otherwise in those of its centre."""
    for key in ("tags", "center_tags"):
        text = clean_storable_text(_get_mapping(zone, key).get("population"))
        found = _NUMBER.match(text) if text else None
        if found:
            number = int(re.sub(r"\D", "", found[1]))
            return number if number <= MAX_POPULATION else None
    return None


def read_center(zone: ZoneRecord) -> tuple[float | None, float | None]:
    """Return longitude and latitude of the centre of a zone in degrees, or twice None."""
    coordinates = _get_mapping(zone, "center").get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return (None, None)
    lon, lat = coordinates[:2]
    on_earth = isinstance(lon, int | float) and isinstance(lat, int | float) and abs(lon) <= 180 and abs(lat) <= 90
    return (lon, lat) if on_earth else (None, None)


def _collect_tagged(tags: Mapping[str, Any]) -> dict[str, str]:
    return {
        language: name
        for key, value in tags.items()
        if key.startswith(NAME_PREFIX)
        and (language := clean_storable_text(key[len(NAME_PREFIX) :]))
        and (name := clean_storable_text(value))
    }


def _get_mapping(zone: ZoneRecord, key: str) -> Mapping[str, Any]:
    found = zone.get(key)
    return found if isinstance(found, Mapping) else {}
