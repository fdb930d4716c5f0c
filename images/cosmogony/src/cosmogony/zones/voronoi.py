# SPDX-License-Identifier: Apache-2.0
"""Make zones of place nodes: each gets the part of its parent zone that is nearest to it (a Voronoi cell)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from shapely.errors import GEOSException

from ..decisions import Decisions
from ..geometry import boxes
from ..geometry.antimeridian import shift_eastward, wrap_longitudes
from ..geometry.boxes import Box
from ..geometry.geojson import MIN_AREA
from ..geometry.polygon_extraction import extract_polygons
from ..osm.reader import CITY_PLACES, SUBURB_PLACES, Extract, Node
from ..progress import Progress, ignore_progress, track_progress
from ..runtime import processes
from .builder import ZoneBuilder
from .zone import Zone
from .zone_type import ZoneType

TOLERANCE = 1e-5  # distance in degrees below which two places share a cell
_MIN_PLACES_FOR_PROCESSES = 200  # with fewer places, child processes are not worth their start


@dataclass(slots=True)
class PlaceCandidate:
    """A place node that may become a zone, with the type it would have and its parent."""

    node: Node
    type: ZoneType
    parent: int = -1  # index of the parent zone, -1 until it is known


def _find_place_candidates(extract: Extract, builder: ZoneBuilder) -> list[PlaceCandidate]:
    """Return the named suburb nodes without admin_level, and the nodes of capitals, in the order of the OSM ids."""
    places = []
    for ref in extract.places:
        node = extract.nodes[ref]
        if not builder.get_name(node.tags):
            continue
        kind = _type_of_place(node.tags.get("place"))
        if kind is None:
            continue
        if node.tags.get("capital") == "yes" or (kind == ZoneType.SUBURB and "admin_level" not in node.tags):
            places.append(PlaceCandidate(node, kind))
    return places


def _type_of_place(place: str | None) -> ZoneType | None:
    if place in CITY_PLACES:
        return ZoneType.CITY
    return ZoneType.SUBURB if place in SUBURB_PLACES else None


class VoronoiBuilder:
    """Makes zones of place nodes by dividing their parent zones into Voronoi cells.

    Args:
        zones: the zones there are, with type and parent, each at the position that is its index.
        extract: has the places.
        builder: builds a zone from a place node.
        decisions: records the decisions about one object.
        processes: how many divide the parents.

    Attributes:
        without_area: the places that no zone was made for, because nothing was left of their cell.
        repeating: the places that no zone was made for, because they are the place node of their parent.
    """

    def __init__(
        self, zones: Sequence[Zone], extract: Extract, builder: ZoneBuilder, decisions: Decisions, processes: int = 1
    ) -> None:
        self._zones = zones
        self._builder = builder
        self._decisions = decisions
        self.without_area: list[PlaceCandidate] = []
        self.repeating: list[PlaceCandidate] = []
        self._processes = processes
        self._ways = extract.ways
        self._extract = extract
        self._shaped = [z for z in zones if z.has_geometry and z.type is not None]
        outlines = np.array([zone.box for zone in self._shaped], dtype=np.float64).reshape(-1, 4)
        self._tree = boxes.build_box_tree(outlines)
        self._shapes: dict[int, shapely.MultiPolygon] = {}

    def make_zones(self, progress: Progress = ignore_progress) -> list[Zone]:
        """Return the new zones, in the order of parents and places; their indices follow those of the zones given."""
        groups = sorted(self._group_by_parent(_find_place_candidates(self._extract, self._builder)).items())
        cells = sum(len(places) for _, places in groups)
        workers = self._processes if cells >= _MIN_PLACES_FOR_PROCESSES else 1
        made: list[Zone] = []
        divided = processes.map_in_processes(lambda number: self._divide(*groups[number]), len(groups), workers)
        with closing(divided):
            for (_, places), found in zip(track_progress(groups, "dividing parents", progress), divided, strict=True):
                for number, shape in found:
                    place = places[number]
                    if shape is None:
                        self.without_area.append(place)
                        text = "nothing is left of its part of its parent"
                        self._decisions.record(place.node.osm_id, "geometry", text)
                    else:
                        polygons = cast(shapely.MultiPolygon, shapely.from_wkb(shape))  # `_divide` wrote a multipolygon
                        made.append(self._build_zone(place, polygons, len(self._zones) + len(made)))
        self._shapes.clear()
        return made

    def _divide(self, parent: int, places: list[PlaceCandidate]) -> list[tuple[int, bytes | None]]:
        """Return the positions of the places that get a cell, with their polygons as WKB, None if none are left."""
        made = []
        for number, cell in self._make_cells(self._zones[parent], places):
            shape = self._keep_polygons(self._subtract_real_zones(places[number], cell))
            made.append((number, None if shape is None else shapely.to_wkb(shapely.orient_polygons(shape))))
        return made

    def _keep_polygons(self, shape: shapely.Geometry) -> shapely.MultiPolygon | None:
        found = extract_polygons(shape, MIN_AREA)
        if found is not None and not found.is_valid:
            found = extract_polygons(shapely.make_valid(found, method="structure", keep_collapsed=False), MIN_AREA)
        return found

    def _shape(self, zone: Zone) -> shapely.MultiPolygon:
        shape = self._shapes.get(zone.index)
        if shape is None:
            shape = zone.build_geometry(self._ways) or shapely.MultiPolygon()
            if len(self._shapes) > 512:
                self._shapes.clear()
            self._shapes[zone.index] = shape
        return shape

    def _group_by_parent(self, places: list[PlaceCandidate]) -> dict[int, list[PlaceCandidate]]:
        """Return the places by index of their parent: the zone around them of the smallest type from city up."""
        groups: dict[int, list[PlaceCandidate]] = {}
        if not places:
            return groups
        points = np.array([(place.node.lon, place.node.lat) for place in places])
        which, found = self._tree.query(shapely.points(points))
        large = np.array([z.type is not None and z.type >= ZoneType.CITY for z in self._shaped], dtype=np.bool_)
        which, found = which[large[found]], found[large[found]]
        inside: dict[int, list[int]] = {}
        order = np.argsort(found, kind="stable")
        for same in np.split(order, np.flatnonzero(np.diff(found[order])) + 1) if len(order) else ():
            zone = self._shaped[int(found[same[0]])]
            near = which[same]
            shape = zone.build_geometry(self._ways)
            if len(near) > 4:
                shapely.prepare(shape)
            hits = shapely.contains_xy(shape, points[near, 0], points[near, 1])
            for number in near[hits].tolist():
                inside.setdefault(number, []).append(zone.index)
        for number, place in enumerate(places):
            parent = self._find_parent(place, inside.get(number, []))
            if self._decisions.is_recorded(place.node.osm_id):
                text = "none for a place of its kind" if parent is None else f"{parent.osm_id} {parent.name!r}"
                self._decisions.record(place.node.osm_id, "parent", text)
            if parent is not None and self._is_place_of_parent(place, parent):
                self.repeating.append(place)
                self._decisions.record(place.node.osm_id, "parent", "left out: it is the place node of its parent")
            elif parent is not None:
                place.parent = parent.index
                groups.setdefault(parent.index, []).append(place)
        return groups

    def _find_parent(self, place: PlaceCandidate, containers: list[int]) -> Zone | None:
        zones = [self._zones[index] for index in containers]
        parent = min(zones, key=lambda zone: (zone.type, zone.index), default=None)
        if parent is None or parent.type is None or parent.type < place.type:
            return None
        if parent.type >= ZoneType.COUNTRY and parent.name != self._builder.get_name(place.node.tags):
            return None
        return parent

    def _build_zone(self, place: PlaceCandidate, shape: shapely.MultiPolygon, index: int) -> Zone:
        zone = self._builder.build_place_zone(index, place.node)
        zone.type = place.type
        zone.parent = place.parent
        zone.centre = place.node
        zone.centre_point = (place.node.lon, place.node.lat)
        zone.shape = shape
        west, south, east, north = shape.bounds
        zone.box = (west, south, east, north)
        zone.globe_box = self._find_globe_box(shape)
        zone.size = float(shape.area)
        zone.country = self._inherit_country(self._zones[place.parent])
        self._decisions.record(zone.osm_id, "geometry", f"its part of its parent, {zone.size:.6g} square degrees")
        return zone

    def _find_globe_box(self, shape: shapely.MultiPolygon) -> Box:
        _, south, _, north = shape.bounds
        west, east = boxes.find_narrowest_longitude_span((part.bounds[0], part.bounds[2]) for part in shape.geoms)
        return (west, south, east, north)

    def _inherit_country(self, parent: Zone) -> str | None:
        return parent.country

    def _is_place_of_parent(self, place: PlaceCandidate, parent: Zone) -> bool:
        """Return whether place and parent are the same: same name and wikidata id, or same type if an id is missing."""
        if self._builder.get_name(place.node.tags).casefold() != parent.name.casefold():
            return False
        wikidata = place.node.tags.get("wikidata")
        if wikidata is None or parent.wikidata is None:
            return place.type == parent.type
        return wikidata == parent.wikidata

    def _make_cells(self, parent: Zone, places: list[PlaceCandidate]) -> Iterator[tuple[int, shapely.Geometry]]:
        """Yield the position and Voronoi cell, clipped to the parent, of each place that gets one."""
        shape = self._shape(parent)
        if len(places) == 1:
            yield 0, shape
            return
        if parent.type == ZoneType.COUNTRY:
            return
        points = shapely.points([(place.node.lon, place.node.lat) for place in places])
        west = None if parent.globe_box is None or parent.globe_box[0] <= parent.globe_box[2] else parent.globe_box[0]
        if west is not None:
            shape, points = shift_eastward(shape, west), shift_eastward(points, west)
        try:
            diagram = shapely.voronoi_polygons(shapely.MultiPoint(points), tolerance=TOLERANCE, extend_to=shape)
        except GEOSException:
            return
        cells = shapely.get_parts(diagram)
        found, cell = shapely.STRtree(cells).query(points, predicate="intersects")
        shapely.prepare(shape)
        inside = shapely.contains_properly(shape, cells)
        last, taken = -1, set()
        for position in np.lexsort((cell, found)):
            place, number = int(found[position]), int(cell[position])
            if number in taken or place == last:
                continue
            taken.add(number)
            last = place
            found_cell = cells[number] if inside[number] else _clip_to_parent(cells[number], shape)
            yield place, found_cell if west is None else wrap_longitudes(found_cell)

    def _subtract_real_zones(self, place: PlaceCandidate, cell: shapely.Geometry) -> shapely.Geometry:
        """Return a cell without the real zones that have the type of the place or the same parent."""
        others = [
            zone
            for zone in (self._shaped[number] for number in np.sort(self._tree.query(cell)).tolist())
            if zone.index != place.parent and (zone.type == place.type or zone.parent == place.parent)
        ]
        for zone in others:
            if shapely.is_empty(cell):
                break
            other = self._shape(zone)
            try:
                if shapely.intersects(cell, other):
                    cell = shapely.difference(cell, other)
            except GEOSException:
                cell = shapely.difference(shapely.make_valid(cell), shapely.make_valid(other))
        return cell


def _clip_to_parent(cell: shapely.Geometry, parent: shapely.Geometry) -> shapely.Geometry:
    try:
        return shapely.intersection(cell, parent)
    except GEOSException:
        return shapely.intersection(cell, shapely.make_valid(parent))
