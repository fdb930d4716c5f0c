# SPDX-License-Identifier: Apache-2.0
"""Whole runs on made-up worlds: hierarchy, places, incomplete relations, formats."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
from cosmogony.errors import IncompleteError
from cosmogony.files.formats import RECORD_FORMATS
from cosmogony.files.recordfile import read_records
from cosmogony.generate import generate
from cosmogony.zones.zone_type import TYPES_BY_WORD
from extractor_support.world import World, block, country
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def zones_of(path: Path) -> list[dict[str, Any]]:
    return [zone for zone in read_records(path) if zone is not None]


def run(world: World, folder: Path, **options: Any) -> list[dict[str, Any]]:
    generate(world.write(folder / "w.osm.pbf"), folder / "z.jsonl", threads=1, **options)
    return zones_of(folder / "z.jsonl")


def by_osm_id(zones: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {zone["osm_id"]: zone for zone in zones}


KEYS = [
    *("id", "osm_id", "admin_level", "zone_type", "name", "loc_name", "alt_name", "label", "international_labels"),
    *("zip_codes", "center", "geometry", "bbox", "tags", "center_tags", "parent", "wikidata", "is_generated"),
    "country_code",
]


def test_records_have_all_keys(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    zones = run(world, tmp_path)
    assert all(list(zone) == KEYS for zone in zones)
    city = by_osm_id(zones)["relation:1101"]
    assert (city["loc_name"], city["alt_name"], city["wikidata"], city["zip_codes"]) == ("", "", None, [])
    assert city["label"] == "FR city 1, FR state 00, FR"
    assert city["country_code"] == "FR"
    assert city["bbox"] == pytest.approx([0, 0, 0.01, 0.04])
    assert city["center"]["coordinates"] == pytest.approx([0.005, 0.02])


def test_neighbours_keep_their_own_zones(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0, "FR")
    country(world, 2000, 8, "BE")
    zones = by_osm_id(run(world, tmp_path))
    assert zones["relation:1101"]["country_code"] == "FR"
    assert zones["relation:2010"]["country_code"] == "BE"
    assert zones["relation:2010"]["parent"] == zones["relation:2000"]["id"]
    # level 8 with level 4 above it is a city in France; Belgium's rules decide for Belgium
    assert zones["relation:1101"]["zone_type"] == "city"


@st.composite
def nested(draw: st.DrawFn) -> World:
    """A country cut into states, those into cities, cut anywhere along the grid; zones may be missing."""
    world = World()
    xs = draw(st.lists(st.integers(1, 9), max_size=3, unique=True).map(sorted))
    bounds = [0, *xs, 10]
    country_cells = block(0, 0, 10, 6)
    hole = draw(st.sets(st.tuples(st.sampled_from([1, 3, 5, 7]), st.sampled_from([1, 3])), max_size=3))
    world.area(1, country_cells - hole, name="land", admin_level="2")
    ref, tags, members = world.relations[-1]
    world.relations[-1] = (ref, {**tags, "ISO3166-1:alpha2": "FR"}, members)
    number = 10
    for x0, x1 in pairwise(bounds):
        cells = block(x0, 0, x1, 6) - hole
        if draw(st.booleans()) and cells:
            world.area(number, cells, name=f"state {number}", admin_level="4")
        number += 1
        y = draw(st.integers(1, 5))
        for some in (block(x0, 0, x1, y) - hole, block(x0, y, x1, 6) - hole):
            if some and draw(st.booleans()):
                world.area(number, some, name=f"city {number}", admin_level="8")
            number += 1
    for _ in range(draw(st.integers(0, 4))):
        x, y = draw(st.integers(0, 9)) + 0.5, draw(st.integers(0, 5)) + 0.5
        world.node(x, y, place="suburb", name=f"place {x} {y}")
    return world


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=nested())
def test_the_hierarchy_holds(world: World, tmp_path: Path) -> None:
    zones = run(world, tmp_path)
    index = {zone["id"]: zone for zone in zones}
    assert len(index) == len(zones)
    for zone in zones:
        if zone["geometry"] is None:
            assert zone["parent"] is None
            continue
        shape = shapely.geometry.shape(zone["geometry"])
        assert not shape.is_empty
        if zone["parent"] is not None:
            parent = index[zone["parent"]]
            assert TYPES_BY_WORD[parent["zone_type"]] > TYPES_BY_WORD[zone["zone_type"]]
            outside = shape.difference(shapely.geometry.shape(parent["geometry"])).area
            assert outside <= 1e-9 * shape.area
        elif zone["osm_id"] != "relation:1":
            raise AssertionError(f"{zone['osm_id']} is in the country but has no parent")
        seen = set()
        above: int | None = zone["id"]
        while above is not None:
            assert above not in seen
            seen.add(above)
            above = index[above]["parent"]


def test_places_share_their_parent(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    world.node(0.5, 1.0, place="suburb", name="south", name__de="süd")
    world.node(0.5, 3.0, place="quarter", name="north")
    zones = run(world, tmp_path)
    assert sum(z["geometry"] is None for z in zones) == 1  # only place=suburb has a bare record
    made = {z["name"]: z for z in zones if z["is_generated"] and z["geometry"]}
    city = by_osm_id(zones)["relation:1101"]
    area = {name: shapely.geometry.shape(zone["geometry"]).area for name, zone in made.items()}
    assert area == {"south": pytest.approx(2e-4), "north": pytest.approx(2e-4)}
    assert {zone["parent"] for zone in made.values()} == {city["id"]}
    assert {zone["zone_type"] for zone in made.values()} == {"suburb"}
    assert made["south"]["international_labels"] == {"de": "süd, FR city 1, FR state 00, FR"}
    assert made["south"]["country_code"] == "FR"


def test_a_place_alone_gets_what_real_suburbs_leave(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    world.area(1500, block(0, 0, 1, 1), name="real", admin_level="10", place="suburb")
    world.node(0.5, 3.0, place="suburb", name="rest")
    rules_level = by_osm_id(run(world, tmp_path))
    made = [z for z in zones_of(tmp_path / "z.jsonl") if z["name"] == "rest" and z["geometry"]]
    assert rules_level["relation:1500"]["zone_type"] == "suburb"
    assert shapely.geometry.shape(made[0]["geometry"]).area == pytest.approx(3e-4)


def test_voronoi_can_be_switched_off(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    world.node(0.5, 1.0, place="suburb", name="south")
    zones = run(world, tmp_path, disable_voronoi=True)
    assert [z["name"] for z in zones if z["is_generated"]] == ["south"]
    assert [z["geometry"] for z in zones if z["is_generated"]] == [None]


def test_a_capital_needs_a_parent_below_country_or_of_its_name(tmp_path: Path) -> None:
    world = World()
    world.area(1, block(0, 0, 4, 4), name="Singapore", admin_level="2")
    ref, tags, members = world.relations[-1]
    world.relations[-1] = (ref, {**tags, "ISO3166-1:alpha2": "SG"}, members)
    world.node(1.5, 1.5, place="city", capital="yes", name="Singapore")
    made = [z for z in run(world, tmp_path) if z["is_generated"]]
    assert [(z["name"], z["zone_type"]) for z in made] == [("Singapore", "city")]
    world.node_tags = {ref: {**tags, "name": "Other"} for ref, tags in world.node_tags.items()}
    assert [z for z in run(world, tmp_path) if z["is_generated"]] == []


def test_centre_and_label_members(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    centre = world.node(1.25, 1.5, place="town", name="Centre", name__de="Mitte")
    label = world.node(2.25, 2.5, name__cs="Popisek", population="12")
    members = [("n", label, "label"), ("n", centre, "admin_centre")]
    world.area(1500, block(1, 1, 3, 3), members, name="Town", admin_level="9", postal_code="12;10")
    zone = by_osm_id(run(world, tmp_path)).get("relation:1500")
    assert zone is not None
    assert zone["center"]["coordinates"] == pytest.approx([0.0225, 0.025])
    assert zone["center_tags"]["name"] == "Centre"
    assert zone["tags"]["population"] == "12"
    assert zone["label"].startswith("Town (10-12), ")
    assert "cs" in zone["international_labels"]


def cut(folder: Path, *, own: bool) -> Path:
    """Two countries; a way of one of them is missing."""
    world = World()
    country(world, 1000, 0, "FR")
    country(world, 2000, 8, "BE", size=4)
    corner = (0, 0, 0, 1) if own else (12, 0, 12, 1)
    refs = sorted((world.nodes[corner[:2]], world.nodes[corner[2:]]))
    return world.write(folder / "cut.osm.pbf", frozenset({world.ways[tuple(refs)]}))


def test_incomplete_relations_are_own_or_of_neighbours(tmp_path: Path) -> None:
    result = generate(cut(tmp_path, own=False), tmp_path / "z.jsonl", country_code="fr", threads=1)
    assert {(r.osm_id, r.missing, r.own) for r in result.incomplete} == {
        ("relation:2000", 1, False),
        ("relation:2012", 1, False),
        ("relation:2106", 1, False),
    }
    result = generate(cut(tmp_path, own=True), tmp_path / "z.jsonl", country_code="fr", threads=1)
    assert ("relation:1000", True) in {(r.osm_id, r.own) for r in result.incomplete}


def test_incomplete_relations_can_be_refused(tmp_path: Path) -> None:
    output = tmp_path / "z.jsonl"
    generate(cut(tmp_path, own=False), output, country_code="fr", fail_on_incomplete="own", threads=1)
    output.unlink()
    for own, mode in ((True, "own"), (False, "any")):
        with pytest.raises(IncompleteError, match=r"\d relations are incomplete: relation:\d+ .* members missing"):
            generate(cut(tmp_path, own=own), output, country_code="fr", fail_on_incomplete=mode, threads=1)
        assert list(tmp_path.glob("*z.jsonl*")) == []


def test_a_country_without_its_own_border_has_no_zones_below(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0, "FR")
    world.relations = [r for r in world.relations if r[0] != 1000]
    zones = run(world, tmp_path, country_code="FR")
    assert {z["parent"] for z in zones if z["zone_type"] == "state"} == {None}


@pytest.mark.parametrize("form", [form.value for form in RECORD_FORMATS])
def test_formats_hold_the_same_zones(form: str, tmp_path: Path, liechtenstein: Path) -> None:
    output = tmp_path / f"zones{form}"
    generate(liechtenstein, output, country_code="li", threads=1)
    zones = zones_of(output)
    assert len(zones) == 17
    content = gzip.decompress(output.read_bytes()) if form.endswith(".gz") else output.read_bytes()
    if ".jsonl" in form:
        assert content.endswith(b"}\n")
        assert content.count(b"\n") == 17
    else:
        meta = json.loads(content)["meta"]
        assert meta["osm_filename"] == liechtenstein.name
        assert meta["stats"]["level_counts"]["8"] == 12


@pytest.mark.parametrize("form", [".jsonl", ".jsonl.gz", ".json.gz"])
def test_the_bytes_do_not_depend_on_the_processes(form: str, tmp_path: Path) -> None:
    world = World()
    for number in range(24):
        country(world, 10000 * (number + 1), 20 * number, "FR", name=f"land {number}", size=20)
    source = world.write(tmp_path / "many.osm.pbf")
    outputs = []
    for threads in (1, 3):
        output = tmp_path / f"zones{threads}{form}"
        generate(source, output, threads=threads)
        outputs.append(output.read_bytes())
    assert outputs[0] == outputs[1]


def test_tables(tmp_path: Path, liechtenstein: Path) -> None:
    pytest.importorskip("pyarrow")
    pyogrio = pytest.importorskip("pyogrio")
    import pyarrow.parquet as pq

    generate(liechtenstein, tmp_path / "z.parquet", country_code="li", threads=1)
    table = pq.read_table(tmp_path / "z.parquet")
    assert table.num_rows == 17
    assert json.loads(table.schema.metadata[b"geo"])["primary_column"] == "geometry"
    shapes = [shapely.from_wkb(value.as_py()) for value in table["geometry"] if value.is_valid]
    assert len(shapes) == 16
    generate(liechtenstein, tmp_path / "z.fgb", country_code="li", threads=1)
    meta, _, geometry, columns = pyogrio.raw.read(tmp_path / "z.fgb")
    assert len(geometry) == 16
    names = dict(zip(meta["fields"], columns, strict=True))
    with_geometry = [n for n, g in zip(table["name"].to_pylist(), table["geometry"], strict=True) if g.is_valid]
    assert sorted(names["name"]) == sorted(with_geometry)
