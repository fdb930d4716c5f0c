# SPDX-License-Identifier: Apache-2.0
"""Writes nodes, ways and relations as a .osm.pbf; the same objects give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import osmium

from .borders import Member
from .topojson import Point

GENERATOR = "cosmogony.stack atlas"


@dataclass(frozen=True, slots=True)
class Relation:
    """An OSM relation: its id, its tags and its members in order."""

    id: int
    tags: dict[str, str]
    members: list[Member]


def write_extract(
    path: Path, relations: Sequence[Relation], ways: Sequence[Sequence[Point]], first_id: int, timestamp: str
) -> None:
    """Write an extract.

    Args:
        path: The file.
        relations: The relations; their members are positions in `ways`.
        ways: The points of each way.
        first_id: Id of the first way and node; they are numbered in the order of their first use.
        timestamp: Time of the data, as the header has it.
    """
    way_ids: dict[int, int] = {}
    for relation in relations:
        for way, _ in relation.members:
            way_ids.setdefault(way, first_id + len(way_ids))
    node_ids: dict[Point, int] = {}
    for way in way_ids:
        for point in ways[way]:
            node_ids.setdefault(point, first_id + len(node_ids))
    # Objects get neither version nor timestamp: nobody has edited them, and the file stays the same each time.
    file = osmium.io.File(str(path), "pbf,add_metadata=false")
    with osmium.SimpleWriter(file, header=_make_header(node_ids, timestamp), overwrite=True) as out:
        for (x, y), number in node_ids.items():
            out.add_node(osmium.osm.mutable.Node(id=number, location=(x / 1e7, y / 1e7)))
        for way, number in way_ids.items():
            out.add_way(osmium.osm.mutable.Way(id=number, nodes=[node_ids[point] for point in ways[way]]))
        for relation in sorted(relations, key=lambda one: one.id):
            members = [("w", way_ids[way], role) for way, role in relation.members]
            out.add_relation(osmium.osm.mutable.Relation(id=relation.id, tags=relation.tags, members=members))


def _make_header(points: Sequence[Point] | dict[Point, int], timestamp: str) -> osmium.io.Header:
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    header.set("sorting", "Type_then_ID")
    header.set("osmosis_replication_timestamp", timestamp)
    if points:
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        box = osmium.osm.Box(west / 1e7, south / 1e7, east / 1e7, north / 1e7)
        header.add_box(box)
    return header
