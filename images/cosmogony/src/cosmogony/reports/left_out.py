# SPDX-License-Identifier: Apache-2.0
"""Collect the OSM objects that did not become zones, and the repaired relations, and log them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import shapely

from ..decisions import Decisions
from ..findings import MAX_EXAMPLES, FindingCount, FindingTable, LeftOutReason
from ..geometry.areas import NO_AREA, Area
from ..hierarchy.countries import CountryLocator
from ..osm.country_codes import has_invalid_code
from ..osm.reader import Extract, Node, Relation, Ways
from ..osm.text import clean_text
from ..zones.builder import ZoneBuilder
from ..zones.voronoi import PlaceCandidate
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType
from .incomplete import find_relation_country

log = logging.getLogger("cosmogony")

_MAX_LINES = 20  # most warnings of one kind that are logged


class LeftOutReport:
    """Counts the OSM objects that did not become zones, each under one reason, and the repaired relations.

    Attributes:
        countries: the country of each relation that is cut, broken or repaired, by the number of its OSM id.
    """

    def __init__(self, extract: Extract, builder: ZoneBuilder, countries: CountryLocator, decisions: Decisions) -> None:
        self._extract = extract
        self._decisions = decisions
        self._builder = builder
        self._countries = countries
        self._left_out = FindingTable()
        self._repaired = FindingTable()
        self._warnings: dict[str, list[str]] = {}
        self._counted: set[str] = set()
        self._orphans: list[str] = []
        self.countries: dict[int, str | None] = {}

    @property
    def left_out_rows(self) -> list[FindingCount]:
        """The rows that count the OSM objects that did not become zones, by reason."""
        return self._left_out.to_rows()

    @property
    def repaired_rows(self) -> list[FindingCount]:
        """The rows that count the repaired relations, by kind of repair."""
        return self._repaired.to_rows()

    def add_flawed_relations(self, flawed: Sequence[tuple[Relation, Area]]) -> None:
        """Count relations whose border is cut, broken, flat or repaired."""
        for relation, area in flawed:
            country = self.countries[relation.id] = find_relation_country(relation, self._extract, self._countries)
            for repair, text in area.repairs.items():
                level = self._builder.get_admin_level(relation.tags)
                self._repaired.count_object(repair, relation.osm_id, country_code=country, admin_level=level)
                log.debug("repaired (%s): %s: %s", repair, _describe(relation), text)
            if area.missing:
                self._add_relation(LeftOutReason.CUT_AT_EDGE, relation, country)
            elif not area.has_polygons and (area.flat_rings or area.problem == NO_AREA):
                self._add_relation(LeftOutReason.NO_AREA, relation, country)
                self._warn("no area", f"{_describe(relation)}: {NO_AREA}")
            elif not area.has_polygons or area.open_rings or area.flat_rings or area.lost_holes:
                self._add_relation(LeftOutReason.BROKEN_GEOMETRY, relation, country)
                self._warn("broken geometry", f"{_describe(relation)}: {_describe_cause(area)}")

    def add_nameless_relations(self, nameless: Sequence[Relation]) -> None:
        """Count relations that have no name, or one without a visible character."""
        for relation in nameless:
            country = find_relation_country(relation, self._extract, self._countries)
            self._add_relation(LeftOutReason.NO_NAME, relation, country)

    def add_untyped_zones(self, zones: Sequence[Zone]) -> None:
        """Count zones that got no type, with the reason, and zones with an invalid country code."""
        for zone in zones:
            if has_invalid_code(zone.tags):
                self._add_zone(LeftOutReason.INVALID_CODE, zone)
                self._warn("invalid code", f"{zone.osm_id} {zone.name!r}: ISO3166-1:alpha2 is not a two-letter code")
            if zone.type is not None:
                continue
            text = zone.tags.get("admin_level", "")
            if zone.level is None and text.strip():
                self._add_zone(LeftOutReason.INVALID_CODE, zone)
                self._warn("invalid code", f"{zone.osm_id} {zone.name!r}: admin_level {text!r} is not a number")
            elif zone.country is None:
                self._add_zone(LeftOutReason.NO_COUNTRY, zone)
            else:
                self._add_zone(LeftOutReason.NO_RULE, zone)

    def add_orphan_zones(self, zones: Sequence[Zone]) -> None:
        """Collect, for the log, the zones without a parent that are not countries: the zone above is cut or missing."""
        self._orphans = [
            f"{zone.osm_id} {zone.name!r}"
            for zone in zones
            if zone.type is not None and zone.type < ZoneType.COUNTRY and zone.parent is None and zone.has_geometry
        ]

    def add_places_without_zone(
        self, zones: Sequence[Zone], without_area: Sequence[PlaceCandidate], repeating: Sequence[PlaceCandidate]
    ) -> None:
        """Count place nodes without a zone: none is made of the node, and none around it has its name.

        Args:
            zones: all zones.
            without_area: places whose part of their parent is empty.
            repeating: places that are the place node of their parent.
        """
        kept = [zone for zone in zones if zone.type is not None and zone.has_geometry]
        place_zones = _PlaceZones(kept, self._extract.ways)
        dropped = {place.node.id: LeftOutReason.NO_AREA for place in without_area}
        dropped.update({place.node.id: LeftOutReason.REPEATS_PARENT for place in repeating})
        places = [self._extract.nodes[ref] for ref in self._extract.places] + self._extract.other_places
        lost = []
        for node in places:
            if not self._builder.get_name(node.tags):
                lost.append((node, LeftOutReason.NO_NAME))
            elif node.id in dropped:
                lost.append((node, dropped[node.id]))
            elif not place_zones.has_zone(node):
                lost.append((node, LeftOutReason.PLACE_WITHOUT_ZONE))
        countries = self._countries.find_country_of_each_point(np.array([(node.lon, node.lat) for node, _ in lost]))
        for (node, reason), country in zip(lost, countries, strict=True):
            self._add(reason, node.osm_id, country, place=node.tags.get("place"))

    def write_log(self) -> None:
        """Log a warning for each broken object, and a line for each reason with the number of objects."""
        for kind, lines in self._warnings.items():
            for line in lines[:_MAX_LINES]:
                log.warning("%s: %s", kind, line)
            for line in lines[_MAX_LINES:]:
                log.debug("%s: %s", kind, line)
            if len(lines) > _MAX_LINES:
                log.warning("%s: %d more, RUST_LOG=debug lists them", kind, len(lines) - _MAX_LINES)
        if self._orphans:
            named = ", ".join(self._orphans[:MAX_EXAMPLES]) + (", ..." if len(self._orphans) > MAX_EXAMPLES else "")
            log.info("without a parent, which is cut or missing: %d: %s", len(self._orphans), named)
        for title, rows in (("left out", self.left_out_rows), ("repaired", self.repaired_rows)):
            for line in _summary_lines(rows):
                log.info("%s: %s", title, line)

    def _add_zone(self, reason: LeftOutReason, zone: Zone) -> None:
        self._add(reason, zone.osm_id, zone.country, admin_level=zone.level)

    def _add_relation(self, reason: LeftOutReason, relation: Relation, country: str | None) -> None:
        self._add(reason, relation.osm_id, country, admin_level=self._builder.get_admin_level(relation.tags))

    def _add(
        self,
        reason: LeftOutReason,
        osm_id: str,
        country: str | None,
        *,
        admin_level: int | None = None,
        place: str | None = None,
    ) -> None:
        if osm_id not in self._counted:  # each object is counted once, under its first reason
            self._counted.add(osm_id)
            self._left_out.count_object(reason, osm_id, country_code=country, admin_level=admin_level, place=place)
            self._decisions.record(osm_id, "left out", str(reason))

    def _warn(self, kind: str, text: str) -> None:
        self._warnings.setdefault(kind, []).append(text)


class _PlaceZones:
    """Finds zones for place nodes: made of the node, or around it with the same name or wikidata id."""

    def __init__(self, zones: Sequence[Zone], ways: Ways) -> None:
        self._ways = ways
        self._made = {zone.osm_id for zone in zones}
        self._centres = {zone.centre.id for zone in zones if zone.centre is not None}
        self._known: dict[str, list[Zone]] = {}
        for zone in zones:
            for key in _match_keys(zone.name, zone.wikidata):
                self._known.setdefault(key, []).append(zone)

    def has_zone(self, node: Node) -> bool:
        """Return whether a zone represents a place node."""
        if node.osm_id in self._made or node.id in self._centres:
            return True
        keys = _match_keys(clean_text(node.tags.get("name", "")), node.tags.get("wikidata"))
        return any(self._is_inside(node, zone) for key in keys for zone in self._known.get(key, ()))

    def _is_inside(self, node: Node, zone: Zone) -> bool:
        box = zone.box
        if box is None or not (box[0] <= node.lon <= box[2] and box[1] <= node.lat <= box[3]):
            return False
        return bool(shapely.intersects_xy(zone.build_geometry(self._ways), node.lon, node.lat))


def _match_keys(name: str, wikidata: str | None) -> Iterator[str]:
    yield name.casefold()
    if wikidata:
        yield wikidata


def _describe(relation: Relation) -> str:
    return f"{relation.osm_id} {relation.tags.get('name', '')!r}"


def _describe_cause(area: Area) -> str:
    if area.problem:
        return area.problem
    found = {
        "rings do not close": area.open_rings,
        "rings have no area": area.flat_rings,
        "inner rings are in no outer ring": area.lost_holes,
    }
    return ", ".join(f"{count} {text}" for text, count in found.items() if count) + ", left out"


def _summary_lines(rows: Sequence[FindingCount]) -> Iterator[str]:
    """Yield a line of the log for each reason: the number of objects, and the OSM ids of the first ones."""
    for reason, same in groupby(rows, key=lambda row: row["reason"]):
        found = list(same)
        count = sum(row["count"] for row in found)
        named = [osm_id for row in found for osm_id in row["examples"]][:MAX_EXAMPLES]
        yield f"{reason}: {count}: {', '.join(named)}{', ...' if count > len(named) else ''}"
