# SPDX-License-Identifier: Apache-2.0
"""Build a zone for each boundary relation with polygons, and a bare record for each suburb node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..array_types import Points
from ..decisions import Decisions
from ..geometry import boxes
from ..geometry.areas import NO_AREA, Area
from ..geometry.borders import AreaAssembler
from ..geometry.boxes import Box
from ..geometry.geojson import MIN_AREA
from ..geometry.topology import Arcs
from ..osm.reader import Extract, Node, Relation, Ways
from ..osm.text import clean_text
from ..progress import Progress, ignore_progress, track_progress
from . import names
from .zone import Zone
from .zone_type import ZoneType

Rings = list[tuple[int, Points]]
"""The closed rings of all polygons, as (number in its polygon, points): number 0 is the outer ring."""


@dataclass(slots=True)
class AreaMeasures:
    """The bounding boxes, size and centroid of an area."""

    box: Box  # smallest and largest longitude and latitude in degrees, never across the antimeridian
    globe_box: Box  # the narrowest box in degrees; its west is greater than its east across the antimeridian
    size: float  # area in square degrees
    centroid: tuple[float, float]  # longitude and latitude of the centroid, in degrees


class ZoneBuilder:
    """Builds the zones of relations and suburb nodes, before their hierarchy is known.

    Attributes:
        flawed: the relations that are cut, repaired or without polygons.
        nameless: the relations without a name.
    """

    def __init__(self, extract: Extract, arcs: Arcs, decisions: Decisions) -> None:
        self._extract = extract
        self._arcs = arcs
        self._decisions = decisions
        self.flawed: list[tuple[Relation, Area]] = []
        self.nameless: list[Relation] = []

    def build_zones(self, progress: Progress = ignore_progress) -> list[Zone]:
        """Return the zones of suburb nodes, then those of relations, each in the order of the OSM ids."""
        zones: list[Zone] = []
        for ref in self._extract.places:
            node = self._extract.nodes[ref]
            if node.tags.get("place") == "suburb" and self.has_name(node.tags):
                zone = self.build_place_zone(len(zones), node)
                zone.type = ZoneType.SUBURB
                zones.append(zone)
        assembled = list(zip(self._extract.relations, self._assemble_areas(progress), strict=True))
        for relation, area in track_progress(assembled, "measuring areas", progress, every=500):
            if area.missing or area.open_rings or area.flat_rings or area.lost_holes or area.repairs or area.problem:
                self.flawed.append((relation, area))
            if not self.has_name(relation.tags):
                self.nameless.append(relation)
            elif area.has_polygons:
                zone = self._build_relation_zone(len(zones), relation, area)
                if self._has_area(zone):
                    zones.append(zone)
                else:
                    self.flawed.append((relation, Area(problem=NO_AREA)))
        return zones

    def build_place_zone(self, index: int, node: Node) -> Zone:
        """Return the zone of a place node, without geometry and type."""
        name = self.get_name(node.tags)
        return Zone(
            index,
            node.osm_id,
            name,
            node.tags,
            level=self.get_admin_level(node.tags),
            wikidata=self._get_wikidata(node.tags),
            generated=True,
            names=self._collect_names(node.tags, name),
            zip_codes=self._get_zip_codes(node.tags),
        )

    def get_name(self, tags: Mapping[str, str]) -> str:
        """Return the cleaned name in the tags, blank if there is none with a visible character."""
        return clean_text(tags.get("name", ""))

    def has_name(self, tags: Mapping[str, str]) -> bool:
        """Return whether the tags have a name with a visible character."""
        return bool(self.get_name(tags))

    def get_admin_level(self, tags: Mapping[str, str]) -> int | None:
        """Return the admin_level in the tags if it is a plain number, blanks around it allowed; otherwise None."""
        return parse_admin_level(tags.get("admin_level", "").strip())

    def _has_area(self, zone: Zone) -> bool:
        return zone.size > MIN_AREA

    def _assemble_areas(self, progress: Progress) -> list[Area]:
        borders = AreaAssembler(self._extract.ways, self._arcs, self._decisions)
        relations = track_progress(self._extract.relations, "assembling areas", progress, every=500)
        areas = [borders.assemble_area(relation) for relation in relations]
        borders.assemble_touching_areas()
        return areas

    def _collect_names(self, tags: Mapping[str, str], name: str) -> dict[str, str]:
        return names.collect_names(tags, name)

    def _get_zip_codes(self, tags: Mapping[str, str]) -> list[str]:
        return names.parse_zip_codes(tags)

    def _get_wikidata(self, tags: Mapping[str, str]) -> str | None:
        return clean_text(tags.get("wikidata", "")) or None

    def _build_relation_zone(self, index: int, relation: Relation, area: Area) -> Zone:
        name = self.get_name(relation.tags)
        rings = collect_rings(area, self._extract.ways)
        measures = self._measure(area, rings)
        place, centre, tags = self._find_centre(relation, rings)
        if self._decisions.is_recorded(relation.osm_id):
            self._decisions.record(relation.osm_id, "name", f"{name!r}, tagged {relation.tags['name']!r}")
            where = f"place of node {place.id}" if place else "centroid of its polygons"
            self._decisions.record(
                relation.osm_id, "centre", f"{where}; names of node {centre.id}" if centre else where
            )
        return Zone(
            index,
            relation.osm_id,
            name,
            tags,
            level=self.get_admin_level(tags),
            centre=centre,
            centre_point=(place.lon, place.lat) if place else measures.centroid,
            area=area,
            box=measures.box,
            globe_box=measures.globe_box,
            size=measures.size,
            wikidata=self._get_wikidata(tags),
            names=self._collect_names(tags, name),
            zip_codes=self._get_zip_codes(tags),
        )

    def _find_centre(self, relation: Relation, rings: Rings) -> tuple[Node | None, Node | None, dict[str, str]]:
        """Return the node with the location of the centre, the node with its names, and the tags of the zone."""
        tags, namesake = relation.tags, None
        label, centre = self._find_node(relation.label), self._find_node(relation.centre)
        if label is not None and _is_centre(label, relation, rings):
            tags, namesake = names.add_label_node_tags(tags, label.tags), label
        if centre is not None and not _is_centre(centre, relation, rings):
            text = f"admin_centre {centre.id} has another name and lies outside"
            self._decisions.record(relation.osm_id, "centre", text)
            centre = None
        return label or centre, centre or namesake, tags

    def _find_node(self, ref: int | None) -> Node | None:
        return None if ref is None else self._extract.nodes.get(ref)

    def _measure(self, area: Area, rings: Rings) -> AreaMeasures:
        """Return box, size and centroid of an area, also across the antimeridian, without building its geometry."""
        measures = measure_and_orient_rings(rings, area)
        spans = [(float(points[:, 0].min()), float(points[:, 0].max())) for number, points in rings if number == 0]
        if len(spans) < 2:
            return measures
        west, east = boxes.find_narrowest_longitude_span(spans)
        if west <= east:
            return measures
        turn = np.array([360.0, 0.0])
        shifted = [(number, points + turn if points[0, 0] < west else points) for number, points in rings]
        turned = measure_and_orient_rings(shifted, area)
        _, south, _, north = measures.box
        centroid = boxes.normalize_longitude(turned.centroid[0]), turned.centroid[1]
        return AreaMeasures(measures.box, (west, south, east, north), measures.size, centroid)


def parse_admin_level(text: str) -> int | None:
    """Return the value of an admin_level tag as a number, None if it has other characters than digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def collect_rings(area: Area, ways: Ways) -> Rings:
    """Return the rings of an area as pairs: number in the polygon (0 is the outer ring), and points."""
    return [(number, points) for polygon in area.get_coordinates(ways) for number, points in enumerate(polygon)]


def _is_centre(node: Node, relation: Relation, rings: Rings) -> bool:
    """Return whether a node belongs to a relation: it has the same name or wikidata id, or lies inside the rings."""
    return names.has_same_identity(relation.tags, node.tags) or _enclose(rings, node.lon, node.lat)


def _enclose(rings: Rings, lon: float, lat: float) -> bool:
    """Return whether a point lies inside an odd number of rings."""
    crossings = 0
    for _, points in rings:
        above = points[:, 1] > lat
        segment = np.flatnonzero(above[1:] != above[:-1])
        (x0, y0), (x1, y1) = points[segment].T, points[segment + 1].T
        crossings += int(np.count_nonzero(x0 + (lat - y0) / (y1 - y0) * (x1 - x0) > lon))
    return crossings % 2 == 1


def measure_and_orient_rings(rings: Rings, area: Area) -> AreaMeasures:
    """Return box, size and centroid of the rings of an area, and store in the area which rings are counter-clockwise.

    Args:
        rings: the rings, at least one.
        area: the area they are of.
    """
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    size, moment = 0.0, np.zeros(2)
    origin = rings[0][1][0].copy()
    known = area.list_rings()
    for position, (number, points) in enumerate(rings):
        if number == 0:
            low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
        ring_size, ring_moment = _moments(points - origin)
        if known:
            known[position].counter_clockwise = ring_size > 0
        sign = (1 if number == 0 else -1) * (1 if ring_size > 0 else -1)
        size += sign * ring_size
        moment += sign * ring_moment
    centroid = origin + moment / size if size > 0 else (low + high) / 2
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return AreaMeasures(box, box, size, (float(centroid[0]), float(centroid[1])))


def _moments(points: Points) -> tuple[float, Points]:
    """Return the signed area of a closed ring in square degrees, and its centroid multiplied by that area."""
    x, y = points.T.copy()
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    moment = np.array([((x[:-1] + x[1:]) * cross).sum(), ((y[:-1] + y[1:]) * cross).sum()]) / 6
    return float(cross.sum()) / 2, moment
