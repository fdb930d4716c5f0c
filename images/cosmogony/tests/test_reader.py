# SPDX-License-Identifier: Apache-2.0
"""Reading: both ways to find node locations, damaged ways, unsorted files, members that are places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import pytest
from cosmogony.errors import CosmogonyError
from cosmogony.osm import reader
from cosmogony.osm.reader import read_extract
from extractor_support.world import World, block, country


def test_large_files_give_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    world.node(0.5, 0.5, place="suburb", name="s")
    bare = world.node(0.25, 0.5)
    world.area(1500, block(0, 0, 1, 1), [("n", bare, "admin_centre")], name="c", admin_level="9")
    path = world.write(tmp_path / "w.osm.pbf")
    small = read_extract(path)
    monkeypatch.setattr(reader, "LARGE_FILE", 0)
    large = read_extract(path)
    assert (large.relations, large.nodes, large.places) == (small.relations, small.nodes, small.places)
    assert large.ways.index == small.ways.index
    assert np.array_equal(large.ways.points, small.ways.points)
    assert small.nodes[bare].tags == {}
    assert small.nodes[bare].lon == pytest.approx(0.0025)


def way(path: Path, refs: list[int], nodes: dict[int, tuple[float, float]], *, way_first: bool = False) -> Path:
    def write_nodes(out: osmium.SimpleWriter) -> None:
        for ref, place in nodes.items():
            out.add_node(osmium.osm.mutable.Node(id=ref, location=place, tags={"place": "suburb", "name": str(ref)}))

    with osmium.SimpleWriter(str(path), overwrite=True) as out:
        if not way_first:
            write_nodes(out)
        out.add_way(osmium.osm.mutable.Way(id=7, nodes=refs))
        if way_first:
            write_nodes(out)
        tags = {"boundary": "administrative", "admin_level": "2", "name": "n"}
        out.add_relation(osmium.osm.mutable.Relation(id=1, tags=tags, members=[("w", 7, "outer"), ("w", 8, "")]))
    return path


SQUARE = {1: (0.0, 0.0), 2: (1.0, 0.0), 3: (1.0, 1.0), 4: (0.0, 1.0)}


def test_missing_nodes_are_left_out_of_a_way(tmp_path: Path) -> None:
    ways = read_extract(way(tmp_path / "w.osm.pbf", [1, 2, 99, 3, 4, 1], SQUARE)).ways
    assert ways.damaged == {7}
    assert ways.points.tolist() == [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    assert (ways.first, ways.last) == ([1], [1])


def test_a_way_without_nodes_is_damaged(tmp_path: Path) -> None:
    ways = read_extract(way(tmp_path / "w.osm.pbf", [97, 98, 99], SQUARE)).ways
    assert (ways.index, ways.damaged) == ({}, {7})


def test_points_twice_in_a_row_count_once(tmp_path: Path) -> None:
    ways = read_extract(way(tmp_path / "w.osm.pbf", [1, 1, 2, 3, 3, 4, 1], SQUARE)).ways
    assert len(ways.points) == 5


def test_an_unsorted_file_is_named(tmp_path: Path) -> None:
    path = way(tmp_path / "w.osm.pbf", [1, 2, 3, 4, 1], SQUARE, way_first=True)
    with pytest.raises(CosmogonyError, match=r"nodes come after ways; sort the file first"):
        read_extract(path)


def test_other_osm_formats_are_read_by_their_name(tmp_path: Path) -> None:
    assert len(read_extract(way(tmp_path / "w.osm.gz", [1, 2, 3, 4, 1], SQUARE)).ways.points) == 5


def test_suburb_relations_come_only_as_members(tmp_path: Path) -> None:
    with osmium.SimpleWriter(str(tmp_path / "w.osm.pbf"), overwrite=True) as out:
        admin = {"boundary": "administrative", "admin_level": "8", "name": "n"}
        relation = osmium.osm.mutable.Relation
        out.add_relation(relation(id=1, tags=admin, members=[("r", 2, "subarea"), ("r", 4, "subarea")]))
        out.add_relation(relation(id=2, tags={"place": "suburb", "name": "member"}, members=[("r", 3, "")]))
        out.add_relation(relation(id=3, tags={"place": "suburb", "name": "member of a member"}, members=[]))
        out.add_relation(relation(id=4, tags={"boundary": "administrative", "name": "no level"}, members=[]))
        out.add_relation(relation(id=5, tags={"place": "suburb", "name": "alone"}, members=[]))
    assert [relation.id for relation in read_extract(tmp_path / "w.osm.pbf").relations] == [1, 2, 3]
