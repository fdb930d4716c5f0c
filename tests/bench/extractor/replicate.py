#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a larger OSM file out of a small one: copies side by side, from west to east.

    replicate.py SOURCE.osm.pbf COPIES TARGET.osm.pbf

Copy 0 is the source; copy k lies k * 0.9 degrees further east (around the world if need be) and its ids are higher by
k * 10^11, so that no copy touches another one and all of them give the same zones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import osmium

ID_STEP = 10**11
EAST = 0.9


def longitude(value: float, copy: int) -> float:
    moved = value + EAST * copy
    return moved - 360 if moved >= 180 else moved


def copies_of(source: Path, count: int, kind: osmium.osm.osm_entity_bits) -> Iterator[tuple[object, int]]:
    for copy in range(count):
        for item in osmium.FileProcessor(str(source), kind):
            yield item, copy


def replicate(source: Path, count: int, target: Path) -> None:
    with osmium.SimpleWriter(str(target), overwrite=True) as out:
        for node, copy in copies_of(source, count, osmium.osm.NODE):
            place = (longitude(node.lon, copy), node.lat)
            out.add_node(node.replace(id=node.id + copy * ID_STEP, location=place))
        for way, copy in copies_of(source, count, osmium.osm.WAY):
            refs = [node.ref + copy * ID_STEP for node in way.nodes]
            out.add_way(way.replace(id=way.id + copy * ID_STEP, nodes=refs))
        for relation, copy in copies_of(source, count, osmium.osm.RELATION):
            members = [(m.type, m.ref + copy * ID_STEP, m.role) for m in relation.members]
            out.add_relation(relation.replace(id=relation.id + copy * ID_STEP, members=members))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("copies", type=int)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    replicate(options.source, options.copies, options.target)


if __name__ == "__main__":
    main()
