# SPDX-License-Identifier: Apache-2.0
"""Set country, type and parent of every zone from the zones that contain it.

The country of a zone is the most detailed one around it. Where several countries claim the land, the ISO 3166-2 code of
the zone decides, or that of the smallest zone around it with such a code; without one the smallest OSM id does. Parents
are chosen within the same country, so that country code, parent and label belong to one chain.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..decisions import Decisions
from ..errors import CosmogonyError
from ..osm import country_codes
from ..rules import CountryRules, Rules
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType
from .inclusion import ContainingZones
from .statistics import ZoneStatistics


class HierarchyBuilder:
    """Sets the country, then the type, then the parent of all zones."""

    def __init__(self, zones: Sequence[Zone], inclusions: ContainingZones, rules: Rules, decisions: Decisions) -> None:
        self._zones = zones
        self._containers = inclusions.containers
        self._rules = rules
        self._decisions = decisions
        self._codes: dict[int, str] = {}

    def set_countries(self, country_code: str | None) -> None:
        """Set the country code of each zone: `country_code` if given, otherwise that of a country that contains it.

        Raises:
            CosmogonyError: no zone is a country that the rules know.
        """
        if country_code is not None:
            for zone in self._zones:
                zone.country = country_code
                self._decisions.record(zone.osm_id, "country", f"{country_code}: given for all zones")
            return
        self._codes = self._find_country_codes()
        if not self._codes:
            raise CosmogonyError(
                "no country found: no relation of the extract has the tag ISO3166-1:alpha2 of a country with rules and "
                "a complete border. Name the country of the extract with --country-code."
            )
        for zone in self._zones:
            if not zone.has_geometry:
                continue
            found = [index for index in self._containers[zone.index] if index in self._codes]
            if zone.index in self._codes:
                found.append(zone.index)
            if found:
                best = self._choose_country(zone, found)
                zone.country = self._codes[best]
                self._record_country(zone, best, found)

    def set_zone_types(self, statistics: ZoneStatistics) -> None:
        """Set the type of every zone by the rules of its country; count in `statistics` what the rules do not cover."""
        for zone in self._zones:
            if zone.country is None:
                statistics.zone_without_country += 1
                continue
            country = self._rules.find_country_rules(zone.country)
            if country is None:
                statistics.unknown_country[zone.country] += 1
                continue
            found, rule = self._decide_type(zone, country)
            if found is None and zone.osm_id not in country.ids:
                statistics.count_level_without_rule(zone.country, zone.level)
            if found is not None or not zone.generated:
                zone.type = found
            if self._decisions.is_recorded(zone.osm_id):
                text = f"{zone.type_name or 'none'}: rules of {zone.country}, {rule}"
                self._decisions.record(zone.osm_id, "type", text)

    def set_parents(self) -> None:
        """Set the parent of every zone: of the zones of larger types that contain it, the one of the smallest type."""
        for zone in self._zones:
            own = zone.type
            best: Zone | None = None
            best_type: ZoneType | None = None
            for index in self._containers[zone.index]:
                other = self._zones[index]
                if other.type is None or other.type == ZoneType.NON_ADMINISTRATIVE:
                    continue
                if own is not None and own != ZoneType.NON_ADMINISTRATIVE and other.type <= own:
                    continue
                allowed = self._may_be_parent(zone, other)
                if self._decisions.is_recorded(zone.osm_id):
                    state = "" if allowed else f", not taken: it is in {other.country}"
                    text = f"lies in {other.osm_id} {other.name!r} ({other.type_name}){state}"
                    self._decisions.record(zone.osm_id, "parent", text)
                if allowed and (best_type is None or other.type < best_type):
                    best, best_type = other, other.type
            zone.parent = None if best is None else best.index
            if zone.has_geometry and self._decisions.is_recorded(zone.osm_id):
                text = f"{best.osm_id} {best.name!r}, the smallest kind" if best else "none"
                self._decisions.record(zone.osm_id, "parent", text)

    def _find_country_codes(self) -> dict[int, str]:
        """Return the country code of each zone that the rules of this country make a country, by index of the zone."""
        found: dict[int, str] = {}
        for zone in self._zones:
            code = country_codes.find_country_code(zone.tags)
            rules = None if code is None else self._rules.find_country_rules(code)
            if code is not None and rules is not None and self._decide_type(zone, rules)[0] == ZoneType.COUNTRY:
                found[zone.index] = code
        return found

    def _choose_country(self, zone: Zone, candidates: Sequence[int]) -> int:
        """Return the index of the country with the highest admin_level: overseas territories lie in another country."""
        if zone.index in candidates:
            return zone.index
        level = max(self._level(index) for index in candidates)
        claims = [index for index in candidates if self._level(index) == level]
        if len(claims) > 1:
            named = self._named_country(zone)
            claims = [index for index in claims if self._codes[index] == named] or claims
        return min(claims)  # the country with the smallest OSM id: zones are in the order of their OSM ids

    def _named_country(self, zone: Zone) -> str | None:
        """Return the country that the ISO 3166-2 code of the zone names, or of the smallest zone around it with one."""
        around = sorted((self._zones[index] for index in self._containers[zone.index]), key=lambda other: other.size)
        for other in (zone, *around):
            if other.index not in self._codes and (
                code := country_codes.find_country_code_or_that_of_subdivision(other.tags)
            ):
                return code
        return None

    def _may_be_parent(self, zone: Zone, other: Zone) -> bool:
        """Return whether `other`, which contains `zone`, is in the same country, as a parent must be."""
        return other.country == zone.country

    def _level(self, index: int) -> int:
        level = self._zones[index].level
        return -1 if level is None else level

    def _decide_type(self, zone: Zone, country: CountryRules) -> tuple[ZoneType | None, str]:
        containers: tuple[str, ...] = ()
        if country.containers:
            containers = tuple(self._zones[index].osm_id for index in self._containers[zone.index])
        return country.decide_zone_type(zone.osm_id, zone.level, containers)

    def _record_country(self, zone: Zone, best: int, found: Sequence[int]) -> None:
        if not self._decisions.is_recorded(zone.osm_id):
            return
        for index in found:
            other = self._zones[index]
            text = f"{self._codes[index]}: lies in {other.osm_id} {other.name!r}, admin_level {other.level}"
            self._decisions.record(zone.osm_id, "country", text)
        self._decisions.record(zone.osm_id, "country", f"{zone.country}, by {self._zones[best].osm_id}")
