# SPDX-License-Identifier: Apache-2.0
"""Small made-up atlases, and what is in an extract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Atlas:
    """TopoJSON of a given layer; points are degrees."""

    layer: str = "countries"
    arcs: list[list[tuple[float, float]]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def arc(self, *points: tuple[float, float]) -> int:
        self.arcs.append(list(points))
        return len(self.arcs) - 1

    def area(self, key: str | None, name: str, *polygons: Sequence[Sequence[int]]) -> None:
        shape = {"type": "MultiPolygon", "arcs": [list(map(list, p)) for p in polygons], "properties": {"name": name}}
        self.shapes.append(shape if key is None else {**shape, "id": key})

    def text(self) -> str:
        layers = {self.layer: self.shapes, **self.more}
        objects = {name: {"type": "GeometryCollection", "geometries": shapes} for name, shapes in layers.items()}
        return json.dumps({"type": "Topology", "arcs": self.arcs, "objects": objects})


@dataclass
class Written:
    """What is in a .osm.pbf."""

    nodes: dict[int, tuple[float, float]]
    ways: dict[int, list[int]]
    relations: dict[str, tuple[int, dict[str, str], list[tuple[int, str]]]]
    timestamp: str

    def line(self, way: int) -> list[tuple[float, float]]:
        return [self.nodes[ref] for ref in self.ways[way]]

    def members(self, name: str) -> list[tuple[int, str]]:
        return self.relations[name][2]


def read(path: Path) -> Written:
    import osmium

    nodes, ways, relations = {}, {}, {}
    for thing in osmium.FileProcessor(str(path)):
        if thing.is_node():
            nodes[thing.id] = (thing.location.lon, thing.location.lat)
        elif thing.is_way():
            ways[thing.id] = [node.ref for node in thing.nodes]
        else:
            tags = {tag.k: tag.v for tag in thing.tags}
            relations[tags["name"]] = (thing.id, tags, [(member.ref, member.role) for member in thing.members])
    with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
        timestamp = reader.header().get("osmosis_replication_timestamp")
    return Written(nodes, ways, relations, timestamp)


def assembled(path: Path) -> dict[str, Any]:
    """The areas that libosmium makes of the relations, by name; each is checked by it."""
    import osmium
    import shapely

    found = {}
    factory = osmium.geom.WKBFactory()
    for thing in osmium.FileProcessor(str(path)).with_areas():
        if thing.is_area() and not thing.from_way():
            shape = shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(thing)))
            assert shape.is_valid
            found[thing.tags["name"]] = shape
    return found
