# SPDX-License-Identifier: Apache-2.0
"""Names in other languages, zip codes and the tags a zone takes over from its label node."""

from __future__ import annotations

import sys

from .zone import Zone
from .zone_type import ZoneType

PREFIX = "name:"


def international(tags: dict[str, str], name: str) -> dict[str, str]:
    """Names by language, without those that equal the name itself."""
    intern = sys.intern
    return {
        intern(key[len(PREFIX) :]): value for key, value in tags.items() if key.startswith(PREFIX) and value != name
    }


def zip_codes(tags: dict[str, str]) -> list[str]:
    """Zip codes of the tags, sorted."""
    text = tags.get("addr:postcode") or tags.get("postal_code") or ""
    return sorted(code.strip() for code in text.split(";") if code.strip())


def with_label_tags(tags: dict[str, str], label: dict[str, str]) -> dict[str, str]:
    """The tags of a relation completed by those of its label node (names and population)."""
    missing = {
        key: value
        for key, value in label.items()
        if (key.startswith(PREFIX) or key == "population") and key not in tags
    }
    return {**tags, **missing} if missing else tags


def add_centre_names(zone: Zone) -> None:
    """Take names over from the centre when it is the same thing as the zone."""
    if zone.centre is None:
        return
    theirs = zone.centre.tags.get("wikidata")
    same = zone.wikidata is not None and zone.wikidata == theirs
    unknown = zone.type == ZoneType.CITY and (zone.wikidata is None or theirs is None)
    if same or unknown:
        for language, name in international(zone.centre.tags, zone.name).items():
            if PREFIX + language not in zone.tags:
                zone.names[language] = name
