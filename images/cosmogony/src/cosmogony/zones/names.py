# SPDX-License-Identifier: Apache-2.0
"""Read names in other languages and postcodes from tags, also from those of label and centre nodes."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from ..osm.text import clean_text
from .zone import Zone
from .zone_type import ZoneType

PREFIX = "name:"
_SEPARATOR = re.compile("[;,]")
_RANGE = re.compile(r"(\d+) ?[-\u2013] ?(\d+)")
_LISTED = re.compile(r"[/:&+|]| - |\.\.")


def collect_names(tags: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the names in the tags by language code, without those that equal `name`."""
    intern = sys.intern
    return {
        intern(key[len(PREFIX) :]): cleaned
        for key, value in tags.items()
        if key.startswith(PREFIX) and key != PREFIX and (cleaned := clean_text(value)) and cleaned != name
    }


def parse_zip_codes(tags: Mapping[str, str]) -> list[str]:
    """Return the postcodes of `addr:postcode`, otherwise of `postal_code`: sorted, each once, ranges kept as ranges."""
    for key in ("addr:postcode", "postal_code"):
        codes = {cleaned for code in _SEPARATOR.split(tags.get(key, "")) if (cleaned := clean_text(code))}
        if codes:
            return sorted(codes)
    return []


def list_single_zip_codes(codes: Sequence[str]) -> list[str]:
    """Return sorted single postcodes: both ends of a range such as 1000-1099, none for other notations of lists."""
    if not codes:
        return []
    found = set()
    for code in codes:
        ends = _RANGE.fullmatch(code)
        if ends and len(ends[1]) == len(ends[2]) and ends[1] < ends[2]:
            found |= set(ends.groups())
        elif not _LISTED.search(code):
            found.add(code)
    return sorted(found)


def has_same_identity(zone_tags: Mapping[str, str], node_tags: Mapping[str, str]) -> bool:
    """Return whether the tags of a zone and of a node have the same name or the same wikidata id."""
    if zone_tags.get("name") == node_tags.get("name") and clean_text(zone_tags.get("name", "")):
        return True
    for key in ("name", "wikidata"):
        zone_value, node_value = (clean_text(tags.get(key, "")).casefold() for tags in (zone_tags, node_tags))
        if zone_value and zone_value == node_value:
            return True
    return False


def add_label_node_tags(tags: dict[str, str], label: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a relation with the names and population that only its label node has."""
    missing = {
        key: value
        for key, value in label.items()
        if (key.startswith(PREFIX) or key == "population") and key not in tags
    }
    return {**tags, **missing} if missing else tags


def is_same_place(zone: Zone) -> bool:
    """Return whether zone and centre are the same place: same wikidata id, or a city without ids to compare."""
    if zone.centre is None:
        return False
    theirs = zone.centre.tags.get("wikidata")
    if zone.wikidata is not None and zone.wikidata == theirs:
        return True
    return zone.type == ZoneType.CITY and (zone.wikidata is None or theirs is None)


def add_centre_names(zone: Zone) -> None:
    """Add to a zone the names in other languages that only its centre has, if both are the same place."""
    if zone.centre is None or not is_same_place(zone):
        return
    for language, name in collect_names(zone.centre.tags, zone.name).items():
        if PREFIX + language not in zone.tags:
            zone.names[language] = name
