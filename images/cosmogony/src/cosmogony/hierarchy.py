# SPDX-License-Identifier: Apache-2.0
"""Country, type and parent of every zone, from what contains it."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import CosmogonyError
from .inclusion import Inclusions
from .rules import CountryRules, Rules
from .stats import Statistics
from .zone import Zone
from .zone_type import ZoneType

COUNTRY_TAG = "ISO3166-1:alpha2"


def country_of_tags(tags: dict[str, str], rules: Rules) -> str | None:
    """The country a zone is itself, if there are rules for it."""
    code = tags.get(COUNTRY_TAG)
    return code if code is not None and code in rules else None


def find_countries(zones: Sequence[Zone], inclusions: Inclusions, rules: Rules, country_code: str | None) -> None:
    """Set the country of each zone; `country_code` decides for all when given."""
    if country_code is not None:
        for zone in zones:
            zone.country = country_code
        return
    countries = {zone.index: country_of_tags(zone.tags, rules) for zone in zones}
    countries = {index: code for index, code in countries.items() if code is not None}
    if not countries:
        raise CosmogonyError(
            "no country found: no relation of the extract has the tag ISO3166-1:alpha2 of a country with rules and a "
            "complete border. Name the country of the extract with --country-code."
        )
    for zone in zones:
        if not zone.has_geometry:
            continue
        found = [k for k in inclusions.containers[zone.index] if k in countries]
        if zone.index in countries:
            found.append(zone.index)
        if found:
            # the most detailed one: an overseas part may have a code of its own below its country's
            best = max(found, key=lambda k: (_level(zones[k]), k))
            zone.country = countries[best]


def _level(zone: Zone) -> int:
    return -1 if zone.level is None else zone.level


def set_types(zones: Sequence[Zone], inclusions: Inclusions, rules: Rules, statistics: Statistics) -> None:
    """Type every zone by the rules of its country; what cannot be typed is counted."""
    for zone in zones:
        if zone.country is None:
            statistics.zone_without_country += 1
            continue
        country = rules.country(zone.country)
        if country is None:
            statistics.add_unknown_country(zone.country)
            continue
        found = _type(zone, zones, inclusions, country)
        if found is None and zone.osm_id not in country.ids:
            statistics.add_unhandled_level(zone.country, zone.level)
        if found is not None or not zone.generated:
            zone.type = found


def _type(zone: Zone, zones: Sequence[Zone], inclusions: Inclusions, country: CountryRules) -> ZoneType | None:
    containers = ()
    if country.containers:
        containers = tuple(zones[k].osm_id for k in inclusions.containers[zone.index])
    return country.type_of(zone.osm_id, zone.level, containers)


def set_parents(zones: Sequence[Zone], inclusions: Inclusions) -> None:
    """The parent is the smallest kind of zone that contains the zone and is of a larger kind."""
    for zone in zones:
        own = zone.type
        free = own is None or own == ZoneType.NON_ADMINISTRATIVE
        best: Zone | None = None
        for k in inclusions.containers[zone.index]:
            other = zones[k]
            if other.type is None or other.type == ZoneType.NON_ADMINISTRATIVE:
                continue
            if (free or other.type > own) and (best is None or other.type < best.type):  # type: ignore[operator]
                best = other
        zone.parent = None if best is None else best.index
