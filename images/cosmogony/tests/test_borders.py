# SPDX-License-Identifier: Apache-2.0
"""Borders by where their rings lie: areas of squares are arithmetic, whatever roles and order the members have."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely
from cosmogony.generate import GenerateResult, generate
from extractor_support.world import Cell, World, block, border

LEVELS = {"admin_level": "8"}


def zones_of(world: World, folder: Path, **options: Any) -> tuple[dict[str, Any], GenerateResult]:
    """The records by OSM id, and the result."""
    target = folder / "z.jsonl"
    result = generate(world.write(folder / "w.osm.pbf"), target, country_code="FR", threads=1, **options)
    records = [json.loads(line) for line in target.read_bytes().splitlines()]
    return {record["osm_id"]: record for record in records}, result


def shape_of(record: dict[str, Any]) -> shapely.MultiPolygon:
    shape = shapely.from_geojson(json.dumps(record["geometry"]))
    assert shape.is_valid
    return shape


def ring(world: World, corners: Sequence[tuple[float, float]], first: int = 0) -> int:
    """A closed way through the corners; `first` makes separate nodes at the same places."""
    refs = [world.node(x, y) if not first else world.copied_node(x, y, first + k) for k, (x, y) in enumerate(corners)]
    return world.way([*refs, refs[0]])


def square(x0: float, y0: float, size: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x0 + size, y0), (x0 + size, y0 + size), (x0, y0 + size)]


def unit_world() -> World:
    return World(step=1.0)


def repaired(result: GenerateResult) -> dict[str, list[str]]:
    return {row["reason"]: row["examples"] for row in result.repaired}


@pytest.mark.parametrize("seed", range(60))
def test_border_of_any_set_of_cells_encloses_its_area(tmp_path: Path, seed: int) -> None:
    """Random cells touch in corners, have holes and enclaves; roles and order of the members are random as well."""
    generator = random.Random(seed)
    world = World(step=0.01)
    wanted: dict[str, set[Cell]] = {}
    for number in range(1, 6):
        size = generator.randint(2, 7)
        cells = {cell for cell in block(0, 0, size, size) if generator.random() < generator.choice((0.5, 0.8, 0.95))}
        cells = cells or {(0, 0)}
        members = [
            ("w", world.way([world.node(*a), world.node(*b)]), generator.choice(("outer", "inner", "", "Outer ")))
            for a, b in sorted(border(cells))
        ]
        members += generator.choices(members, k=generator.randint(0, 3))
        generator.shuffle(members)
        world.relation(number, members, name=f"Zone {number}", **LEVELS)
        wanted[f"relation:{number}"] = cells
    zones, _ = zones_of(world, tmp_path)
    for osm_id, cells in wanted.items():
        expected = shapely.union_all([shapely.box(x, y, x + 1, y + 1) for x, y in cells])
        found = shapely.transform(shape_of(zones[osm_id]), lambda points: points / 0.01)
        assert shapely.symmetric_difference(found, expected).area < 1e-6, osm_id


@pytest.mark.parametrize("roles", [("outer",) * 4, ("",) * 4, ("inner",) * 4, ("outer", "inner", "outer", "inner")])
def test_enclaves_in_enclaves(tmp_path: Path, roles: tuple[str, ...]) -> None:
    world = unit_world()
    members = [("w", ring(world, square(k, k, 20 - 2 * k)), role) for k, role in zip((0, 2, 4, 6), roles, strict=True)]
    world.relation(1, members[::-1], name="Nested", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    shape = shape_of(zones["relation:1"])
    assert shape.area == 400 - 256 + 144 - 64
    assert sorted(len(part.interiors) for part in shape.geoms) == [1, 1]
    assert ("role" in repaired(result)) == (roles not in (("",) * 4, ("outer", "inner", "outer", "inner")))


def test_parts_that_share_a_side_are_one(tmp_path: Path) -> None:
    world = unit_world()
    members = [("w", ring(world, square(0, 0, 10)), "outer"), ("w", ring(world, square(10, 0, 10)), "outer")]
    world.relation(1, members, name="Side by side", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    shape = shape_of(zones["relation:1"])
    assert (shape.area, len(shape.geoms)) == (200, 1)
    assert repaired(result) == {"self_crossing": ["relation:1"]}


def test_holes_that_share_a_side_are_one(tmp_path: Path) -> None:
    world = unit_world()
    members = [("w", ring(world, square(0, 0, 20)), "outer")]
    members += [("w", ring(world, square(x, 5, 5)), "inner") for x in (5, 10)]
    world.relation(1, members, name="Two holes", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    shape = shape_of(zones["relation:1"])
    assert (shape.area, len(shape.geoms[0].interiors)) == (350, 1)


def test_a_hole_that_touches_the_border_in_the_middle_of_a_side(tmp_path: Path) -> None:
    world = unit_world()
    members = [
        ("w", ring(world, square(0, 0, 10)), "outer"),
        ("w", ring(world, [(5, 0), (7, 2), (5, 4), (3, 2)]), "inner"),
    ]
    world.relation(1, members, name="Touching", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 92


def test_rings_with_different_nodes_at_the_same_locations(tmp_path: Path) -> None:
    """Every way has separate nodes: the ring closes by place, and a copy of a ring counts once."""
    world = unit_world()
    half = [(0, 0), (10, 0), (10, 10)]
    one = world.way([world.copied_node(*place, 500 + k) for k, place in enumerate(half)])
    two = world.way([world.copied_node(*place, 600 + k) for k, place in enumerate([(10, 10), (0, 10), (0, 0)])])
    copy = ring(world, square(0, 0, 10), first=700)
    world.relation(1, [("w", one, "outer"), ("w", two, "outer")], name="Closed by place", **LEVELS)
    world.relation(2, [("w", one, "outer"), ("w", two, "outer"), ("w", copy, "outer")], name="Copied", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 100
    assert shape_of(zones["relation:2"]).area == 100
    assert repaired(result)["ring_closed"] == ["relation:1", "relation:2"]
    assert repaired(result)["repeated_member"] == ["relation:2"]


def test_a_way_that_is_drawn_twice(tmp_path: Path) -> None:
    world = unit_world()
    corners = [world.node(*place) for place in square(0, 0, 10)]
    first = world.way([corners[0], corners[1], corners[2]])
    again = world.way([world.copied_node(0, 0, 900), corners[1], corners[2]])
    rest = world.way([corners[2], corners[3], corners[0]])
    world.relation(1, [("w", ref, "outer") for ref in (first, again, rest)], name="Drawn twice", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 100
    assert repaired(result)["repeated_member"] == ["relation:1"]


def test_dead_end_does_not_open_the_ring(tmp_path: Path) -> None:
    world = unit_world()
    corners = [world.node(*place) for place in square(0, 0, 10)]
    ways = [world.way([corners[0], corners[1], corners[2]]), world.way([corners[2], world.node(15, 15)])]
    ways.append(world.way([corners[2], corners[3], corners[0]]))
    world.relation(1, [("w", ref, "outer") for ref in ways], name="With a tail", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 100
    assert [row["reason"] for row in result.left_out] == ["broken_geometry"]


def test_a_border_that_crosses_itself_is_made_valid_and_reported(tmp_path: Path, caplog: Any) -> None:
    world = unit_world()
    bow_tie = ring(world, [(0, 0), (10, 10), (10, 0), (0, 10)])
    world.relation(1, [("w", bow_tie, "outer")], name="Bow tie", **LEVELS)
    with caplog.at_level("DEBUG", "cosmogony"):
        zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 50
    assert repaired(result) == {"self_crossing": ["relation:1"]}
    assert "area 0 before, 50 after" in caplog.text


def test_rings_that_overlap_are_joined(tmp_path: Path) -> None:
    world = unit_world()
    members = [("w", ring(world, square(0, 0, 10)), "outer"), ("w", ring(world, square(5, 5, 10)), "outer")]
    world.relation(1, members, name="Overlap", **LEVELS)
    inner = ring(world, square(6, 6, 2))
    world.relation(2, [("w", inner, "outer")], name="Inside", admin_level="9")
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 175
    assert zones["relation:2"]["parent"] == zones["relation:1"]["id"]


def test_relations_without_area_are_left_out_and_named(tmp_path: Path, caplog: Any) -> None:
    world = unit_world()
    line = [world.node(0, 0), world.node(5, 0), world.node(10, 0)]
    world.relation(1, [("w", world.way([*line, *line[-2::-1]]), "outer")], name="Flat", **LEVELS)
    world.relation(2, [("w", ring(world, square(20, 0, 5)), "outer")], name="Good", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert set(zones) == {"relation:2"}
    assert [(row["reason"], row["examples"]) for row in result.left_out] == [("no_area", ["relation:1"])]
    assert "no area: relation:1 'Flat'" in caplog.text


def test_exclaves_are_border_and_other_roles_are_not(tmp_path: Path) -> None:
    world = unit_world()
    members = [
        ("w", ring(world, square(0, 0, 10)), "outer"),
        ("w", ring(world, square(20, 0, 2)), "exclave"),
        ("w", ring(world, square(2, 2, 2)), "subarea"),
    ]
    world.relation(1, members, name="Roles", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 104


def test_an_unknown_role_counts_if_the_ring_needs_it(tmp_path: Path) -> None:
    world = unit_world()
    corners = [world.node(*place) for place in square(0, 0, 10)]
    ways = [world.way([corners[0], corners[1], corners[2]]), world.way([corners[2], corners[3], corners[0]])]
    world.relation(1, [("w", ways[0], "outer"), ("w", ways[1], "border")], name="Odd role", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 100
    assert repaired(result) == {"role": ["relation:1"]}


def test_a_hole_whose_outer_ring_is_cut_does_not_become_land(tmp_path: Path) -> None:
    world = unit_world()
    corners = [world.node(*place) for place in square(0, 0, 10)]
    kept, lost = world.way(corners[:3]), world.way([corners[2], corners[3], corners[0]])
    hole, enclave = ring(world, square(2, 2, 5)), ring(world, square(3, 3, 1))
    members = [("w", kept, "outer"), ("w", lost, "outer"), ("w", hole, "inner"), ("w", enclave, "outer")]
    world.relation(1, members, name="Cut", **LEVELS)
    target = tmp_path / "z.jsonl"
    source = world.write(tmp_path / "w.osm.pbf", without_ways=frozenset((lost,)))
    generate(source, target, country_code="FR", threads=1)
    (record,) = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert shape_of(record).area == 1


def test_a_zone_in_the_pocket_between_touching_parts_is_not_inside(tmp_path: Path) -> None:
    """Two parts touch in two corners and leave a pocket that is a hole of neither."""
    world = unit_world()
    outside = {(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)} - {(2, 0), (0, 2)}
    members = [("w", world.way([world.node(*a), world.node(*b)]), "outer") for a, b in sorted(border(outside))]
    world.relation(1, members, name="Around", **LEVELS)
    world.area(2, {(1, 1)}, name="Pocket", admin_level="9")
    zones, _ = zones_of(world, tmp_path)
    assert zones["relation:2"]["parent"] is None


def test_a_ring_that_jumps_over_the_antimeridian_is_cut_there(tmp_path: Path) -> None:
    """Not cut by the mapper: the way goes from 179 to -179 degrees."""
    world = unit_world()
    around = ring(world, [(178, 0), (-178, 0), (-178, 4), (178, 4)])
    hole = ring(world, [(179, 1), (-179, 1), (-179, 3), (179, 3)])
    east = ring(world, square(-179, 1, 0.5))
    world.relation(1, [("w", around, "outer"), ("w", hole, "inner")], name="Across", admin_level="4")
    world.relation(2, [("w", hole, "outer")], name="In the hole", **LEVELS)
    world.relation(3, [("w", east, "outer")], name="East", admin_level="9")
    world.relation(4, [("w", around, "outer")], name="All", admin_level="2")
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == pytest.approx(16 - 4)
    assert zones["relation:1"]["bbox"] == [178, 0, -178, 4]
    assert abs(zones["relation:4"]["center"]["coordinates"][0]) == pytest.approx(180)
    assert shape_of(zones["relation:1"]).bounds == (-180, 0, 180, 4)
    assert zones["relation:1"]["parent"] == zones["relation:2"]["parent"] == zones["relation:4"]["id"]
    assert zones["relation:3"]["parent"] == zones["relation:1"]["id"]


def test_ring_that_runs_back_on_itself_is_dropped(tmp_path: Path) -> None:
    world = unit_world()
    line = world.way([world.node(30, 0), world.node(35, 0), world.node(30, 0)])
    good = ring(world, square(0, 0, 10))
    hole = world.way([world.node(3, 3), world.node(6, 3), world.node(3, 3)])
    world.relation(1, [("w", line, "outer")], name="Flat", **LEVELS)
    world.relation(2, [("w", good, "outer"), ("w", hole, "inner"), ("w", line, "outer")], name="Good", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert set(zones) == {"relation:2"}
    assert shape_of(zones["relation:2"]).area == 100
    assert zones["relation:2"]["bbox"] == [0, 0, 10, 10]
    assert ("no_area", ["relation:1"]) in [(row["reason"], row["examples"]) for row in result.left_out]


def test_area_below_the_precision_of_osm_does_not_count(tmp_path: Path) -> None:
    world = World(step=1e-6)
    world.relation(1, [("w", ring(world, square(0, 0, 1)), "outer")], name="Tiny", **LEVELS)
    world.relation(2, [("w", ring(world, square(0, 0, 1000)), "outer")], name="Small", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert set(zones) == {"relation:2"}
    assert [(row["reason"], row["examples"]) for row in result.left_out] == [("no_area", ["relation:1"])]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("outter", "inner"), ("outer;inner", "inner"), ("outer", "hole"), ("main", "innner"), ("OUTER", "x")],
)
def test_unknown_roles_are_sorted_by_location(tmp_path: Path, outer: str, inner: str) -> None:
    world = unit_world()
    members = [("w", ring(world, square(0, 0, 4)), outer), ("w", ring(world, square(1, 1, 2)), inner)]
    world.relation(1, members, name="Odd roles", **LEVELS)
    zones, result = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 12
    assert repaired(result) == {"role": ["relation:1"]}


def test_a_member_repeated_with_another_role_counts_once(tmp_path: Path) -> None:
    world = unit_world()
    big, hole = ring(world, square(0, 0, 6)), ring(world, square(1, 1, 2))
    world.relation(1, [("w", big, "foo"), ("w", big, "outer"), ("w", hole, "inner")], name="Twice", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 32


def test_a_ring_with_nodes_on_both_sides_of_the_antimeridian(tmp_path: Path) -> None:
    world = unit_world()
    corners = [(179, 0), (180, 0), (-180, 0), (-179, 0), (-179, 2), (-180, 2), (180, 2), (179, 2)]
    world.relation(1, [("w", ring(world, corners), "outer")], name="Across", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == pytest.approx(4)
    assert zones["relation:1"]["bbox"] == [179, 0, -179, 2]


def test_a_ring_around_a_pole_stays_as_it_is(tmp_path: Path) -> None:
    world = unit_world()
    corners = [(x, -60) for x in range(-180, 181, 20)] + [(180, -90), (-180, -90)]
    world.relation(1, [("w", ring(world, corners), "outer")], name="Around", **LEVELS)
    zones, _ = zones_of(world, tmp_path)
    assert shape_of(zones["relation:1"]).area == 360 * 30
    assert zones["relation:1"]["bbox"] == [-180, -90, 180, -60]


def test_places_share_a_parent_across_the_antimeridian(tmp_path: Path) -> None:
    world = unit_world()
    members = [("w", ring(world, corners), "outer") for corners in (square(170, 0, 10), square(-180, 0, 10))]
    world.relation(1, members, name="Across", **LEVELS)
    world.node(171, 5, place="suburb", name="West")
    world.node(179, 5, place="suburb", name="Middle")
    target = tmp_path / "z.jsonl"
    generate(world.write(tmp_path / "w.osm.pbf"), target, country_code="FR", threads=1)
    made = {
        z["name"]: z for z in map(json.loads, target.read_bytes().splitlines()) if z["is_generated"] and z["geometry"]
    }
    assert {name: round(shape_of(zone).area) for name, zone in made.items()} == {"West": 50, "Middle": 150}
    assert made["Middle"]["bbox"] == [175, 0, -170, 10]
