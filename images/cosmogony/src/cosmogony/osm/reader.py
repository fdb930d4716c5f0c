# SPDX-License-Identifier: Apache-2.0
"""Read boundary relations, their ways, centres and places from an OSM file.

There are two passes: the relations name the wanted ways and nodes, then nodes and ways are read together. Node
locations stay inside libosmium, and a way leaves it as one WKB string. Files above `LARGE_FILE` take another pass,
which finds the wanted nodes first, so that memory does not grow with the number of nodes in the file.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import osmium

from ..array_types import Ints, Points
from ..errors import CosmogonyError
from ..progress import Progress, ignore_progress

#: Size of a file in bytes from which it is read in three passes: the set of needed node ids takes up to 2 GB for the
#: planet, but without it 16 bytes are needed for every node of the file.
LARGE_FILE = 1 << 30

OUTER_ROLES = frozenset(("outer", "enclave", ""))
INNER_ROLE = "inner"
CITY_PLACES = frozenset(("city", "town", "village"))
SUBURB_PLACES = frozenset(("suburb", "quarter", "neighbourhood"))
#: Values of the tag `place` whose nodes never become zones; they are only counted.
OTHER_PLACES = frozenset(("municipality", "borough", "hamlet", "island", "islet", "archipelago"))

_OTHER_FORMATS = (".osm", ".osm.xml", ".osm.gz", ".osm.bz2", ".opl", ".o5m")
_WAY_HEADER = 9  # bytes before the coordinates in a WKB linestring


@dataclass(slots=True)
class Node:
    """An OSM node that is a place, or the centre or label of a boundary relation."""

    id: int
    lon: float  # degrees
    lat: float  # degrees
    tags: dict[str, str]

    @property
    def osm_id(self) -> str:
        """The OSM id with the type of the object, such as `node:12`."""
        return f"node:{self.id}"


@dataclass(slots=True)
class Relation:
    """A boundary relation: tags, way members in order, and the ids of its admin_centre and label nodes."""

    id: int
    tags: dict[str, str]
    ways: list[tuple[int, str]]  # OSM id and role of each member way, in order
    centre: int | None
    label: int | None
    relations: list[int]  # OSM ids of member relations

    @property
    def osm_id(self) -> str:
        """The OSM id with the type of the object, such as `relation:62273`."""
        return f"relation:{self.id}"


@dataclass(slots=True)
class Ways:
    """The ways of boundaries; the points of way `index` are `points[start[index]:start[index + 1]]`."""

    index: dict[int, int]  # position of each way in `start`, `first` and `last`, by OSM id of the way
    points: Points
    start: Ints  # position in `points` of the first point of each way, and at the end the number of points
    first: list[int]  # OSM id of the first node of each way
    last: list[int]  # OSM id of the last node of each way
    damaged: set[int]  # OSM ids of ways that have nodes which the file lacks
    flat: set[int] = field(default_factory=set)  # OSM ids of ways whose nodes all have the same location


@dataclass(slots=True)
class Extract:
    """The boundary relations, ways and place nodes of an OSM file, each in the order of the OSM ids."""

    relations: list[Relation]
    ways: Ways
    nodes: dict[int, Node]  # place nodes, centres and labels, by OSM id
    places: list[int] = field(default_factory=list)  # OSM ids of the place nodes that are candidates for zones
    other_places: list[Node] = field(default_factory=list)  # place nodes of `OTHER_PLACES`, which are only counted
    disputed: list[int] = field(default_factory=list)  # OSM ids of relations with boundary=disputed


def read_extract(path: Path, progress: Progress = ignore_progress) -> Extract:
    """Read the boundary relations of an OSM file, their ways, and place nodes.

    Args:
        path: the file; PBF unless its name says otherwise.
        progress: receives the stage, the units done and the units in all (0 if unknown).

    Raises:
        CosmogonyError: the file is not a complete OSM file.
    """
    source = _open_source(path)
    try:
        return _read(path, source, progress)
    except (RuntimeError, OSError, ValueError, MemoryError) as error:
        raise CosmogonyError(
            f"{path}: cannot be read as an OSM file: {_first_line(error)}. "
            "Is it complete? Download it again or compare its checksum."
        ) from error


def _open_source(path: Path) -> osmium.io.File:
    try:
        if path.is_dir():
            raise CosmogonyError(f"{path}: is a folder, an OSM file is needed")
        with path.open("rb") as file:
            if not file.read(1):
                raise CosmogonyError(f"{path}: the file is empty. Download it again.")
    except OSError as error:
        raise CosmogonyError(f"{path}: cannot be opened ({error.strerror})") from error
    if path.name.endswith(_OTHER_FORMATS):
        return osmium.io.File(str(path))
    return osmium.io.File(str(path), "pbf")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def _read(path: Path, source: osmium.io.File, report: Progress) -> Extract:
    report("reading relations", 0, 0)
    relations, disputed = _read_relations(source)
    wanted = {ref for r in relations for ref, _ in r.ways}
    centres = {ref for r in relations for ref in (r.centre, r.label) if ref is not None}
    collector = _Collector(wanted, centres, report)
    if path.stat().st_size >= LARGE_FILE:
        locations = _read_large_file(source, collector, wanted, centres)
    else:
        locations = _read_small_file(source, collector)
    if not relations and not collector.nodes and not collector.seen:
        # nothing was read: libosmium reads some damaged files as empty ones, so check the header
        _require_header(source, path)
    for ref in centres - collector.nodes.keys():
        _add_bare_centre(collector.nodes, locations, ref)
    nodes = collector.nodes
    places = sorted(ref for ref, node in nodes.items() if _is_place_candidate(node.tags))
    return Extract(relations, collector.take_ways(), nodes, places, collector.other_places, disputed)


def _require_header(source: osmium.io.File, path: Path) -> None:
    reader = osmium.io.Reader(source, osmium.osm.NOTHING)
    try:
        if reader.header().box() is None:  # reading the header fails if it is not an OSM file
            raise CosmogonyError(f"{path}: has no header")
    finally:
        reader.close()


def read_data_timestamp(path: Path) -> str | None:
    """Return the time of the data from the header of an OSM file, such as 2026-11-22T21:21:03Z; None without one."""
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
        return header.get("osmosis_replication_timestamp") or header.get("timestamp") or None


def _is_place_candidate(tags: dict[str, str]) -> bool:
    """Return whether a node with these tags is read as a candidate for a zone; later rules may drop it."""
    place = tags.get("place")
    return "name" in tags and (place in CITY_PLACES or place in SUBURB_PLACES or tags.get("capital") == "yes")


def _read_tags(tags: Any) -> dict[str, str]:
    intern = sys.intern
    return {intern(tag.k): tag.v for tag in tags}


def _read_relations(source: osmium.io.File) -> tuple[list[Relation], list[int]]:
    """Return the administrative relations with admin_level and their suburb members, and the ids of disputed ones."""
    boundaries: dict[int, Relation] = {}
    suburbs: dict[int, Relation] = {}
    disputed: list[int] = []
    wanted = osmium.filter.TagFilter(("boundary", "administrative"), ("place", "suburb"), ("boundary", "disputed"))
    relation: Any  # FileProcessor is typed to yield any object; here it yields relations only
    for relation in osmium.FileProcessor(source, osmium.osm.RELATION).with_filter(wanted):
        tags = _read_tags(relation.tags)
        if tags.get("boundary") == "disputed":
            disputed.append(relation.id)
            continue
        made = _make_relation(relation.id, tags, relation.members)
        if tags.get("boundary") == "administrative" and "admin_level" in tags:
            boundaries[relation.id] = made
        elif tags.get("place") == "suburb":
            suburbs[relation.id] = made
    queue = [ref for r in boundaries.values() for ref in r.relations]
    while queue:
        member = suburbs.pop(queue.pop(), None)
        if member is not None:
            boundaries[member.id] = member
            queue.extend(member.relations)
    return [boundaries[key] for key in sorted(boundaries)], sorted(disputed)


def _make_relation(ref: int, tags: dict[str, str], members: Any) -> Relation:
    made = Relation(ref, tags, [], None, None, [])
    intern = sys.intern
    for member in members:
        kind, role = member.type, member.role
        if kind == "w":
            made.ways.append((member.ref, intern(role)))
        elif kind == "n":
            if role == "admin_centre" and made.centre is None:
                made.centre = member.ref
            elif role == "label" and made.label is None:
                made.label = member.ref
        elif kind == "r":
            made.relations.append(member.ref)
    return made


def _make_node(ref: int, location: Any, tags: dict[str, str]) -> Node:
    # multiplied, as in Cosmogony 0.14.5: a division would round some last digits differently
    return Node(ref, location.x * 1e-7, location.y * 1e-7, tags)


class _Collector:
    """Collects place nodes and the ways of boundaries; libosmium calls `node` and `way` for each object it reads."""

    def __init__(self, wanted: set[int], centres: set[int], report: Progress) -> None:
        self._wanted = wanted
        self._centres = centres
        self._report = report
        self._wkb = osmium.geom.WKBFactory()
        self._unique = osmium.geom.use_nodes.UNIQUE
        self._lines: list[Points] = []
        self._ends: list[tuple[int, int, int]] = []  # OSM ids of a way, its first node and its last node
        self.damaged: set[int] = set()
        self.flat: set[int] = set()
        self.nodes: dict[int, Node] = {}
        self.other_places: list[Node] = []
        self.seen = 0

    def node(self, node: Any) -> None:
        if self.seen:
            raise ValueError("nodes come after ways; sort the file first (osmium sort)")
        tags = node.tags
        place = tags.get("place")
        if (
            node.id in self._centres
            or place in CITY_PLACES
            or place in SUBURB_PLACES
            or (place is not None and tags.get("capital") == "yes")
        ):
            self.nodes[node.id] = _make_node(node.id, node.location, _read_tags(tags))
        elif place in OTHER_PLACES and "name" in tags:
            kept = {"place": place, "name": tags["name"]}
            if "wikidata" in tags:
                kept["wikidata"] = tags["wikidata"]
            self.other_places.append(_make_node(node.id, node.location, kept))

    def way(self, way: Any) -> None:
        self.seen += 1
        if way.id not in self._wanted:
            return
        nodes = way.nodes
        try:
            line = bytes.fromhex(self._wkb.create_linestring(way, self._unique))
            points = np.frombuffer(line, dtype=np.float64, offset=_WAY_HEADER).reshape(-1, 2)
            ends = (way.id, nodes[0].ref, nodes[-1].ref)
        except (RuntimeError, osmium.InvalidLocationError):
            known = [n for n in nodes if n.location.valid()]
            if len(known) < len(nodes):
                self.damaged.add(way.id)
            if len(known) < 2:
                self.damaged.add(way.id)
                return
            points = np.array([(n.location.lon, n.location.lat) for n in known])
            points = points[np.append(True, np.any(points[1:] != points[:-1], axis=1))]
            if len(points) < 2:
                self.flat.add(way.id)
                return
            ends = (way.id, known[0].ref, known[-1].ref)
        self._lines.append(points)
        self._ends.append(ends)
        if len(self._ends) % 1000 == 0:
            self._report("reading ways", len(self._ends), len(self._wanted))

    def take_ways(self) -> Ways:
        """Return all collected ways with one array of points, and remove them from the collector."""
        sizes = np.array([len(line) for line in self._lines], dtype=np.int64)
        start = np.zeros(len(sizes) + 1, dtype=np.int64)
        np.cumsum(sizes, out=start[1:])
        points = np.concatenate(self._lines) if self._lines else np.empty((0, 2))
        self._lines = []
        ids, first, last = ([end[column] for end in self._ends] for column in range(3))
        self._ends = []
        index = {way: number for number, way in enumerate(ids)}
        return Ways(index, points, start, first, last, self.damaged, self.flat)


def _make_tag_filter() -> Any:
    tagged = osmium.filter.EmptyTagFilter()
    tagged.enable_for(osmium.osm.NODE)
    return tagged


def _make_location_store() -> tuple[Any, Any]:
    table = osmium.index.create_map("sparse_mem_array")
    handler = osmium.NodeLocationsForWays(table)
    handler.ignore_errors()
    return table, handler


def _read_small_file(source: osmium.io.File, collector: _Collector) -> Any:
    table, handler = _make_location_store()
    with osmium.io.Reader(source, osmium.osm.NODE | osmium.osm.WAY) as reader:
        osmium.apply(reader, handler, _make_tag_filter(), collector)
    return table


def _read_large_file(source: osmium.io.File, collector: _Collector, wanted: set[int], centres: set[int]) -> Any:
    tracker = osmium.IdTracker()
    for ref in centres:
        tracker.add_node(ref)

    def add_references(way: Any) -> None:
        collector.seen += 1
        tracker.add_references(way)

    ways = osmium.filter.IdFilter(wanted)
    ways.enable_for(osmium.osm.WAY)
    with osmium.io.Reader(source, osmium.osm.NODE | osmium.osm.WAY) as reader:
        first_pass = SimpleNamespace(node=collector.node, way=add_references)
        osmium.apply(reader, _make_tag_filter(), ways, first_pass)
    nodes = tracker.id_filter()
    nodes.enable_for(osmium.osm.NODE)
    table, handler = _make_location_store()
    with osmium.io.Reader(source, osmium.osm.NODE | osmium.osm.WAY) as reader:
        osmium.apply(reader, nodes, handler, ways, SimpleNamespace(way=collector.way))
    return table


def _add_bare_centre(nodes: dict[int, Node], locations: Any, ref: int) -> None:
    """Add the node of a centre without tags, of which only the location was stored, if the file has it."""
    try:
        location = locations.get(ref)
    except KeyError:
        return
    if location.valid():
        nodes[ref] = _make_node(ref, location, {})
