# SPDX-License-Identifier: Apache-2.0
"""Merging: numbers, copies, parents across files, damaged input."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from cosmogony.errors import CosmogonyError
from cosmogony.files.recordfile import read_records
from cosmogony.generate import generate
from cosmogony.merge import merge
from extractor_support.world import World, block, country
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def zones_of(path: Path) -> list[dict[str, Any]]:
    return [zone for zone in read_records(path) if zone is not None]


def made(world: World, path: Path, **options: Any) -> Path:
    generate(world.write(path.with_suffix(".osm.pbf")), path, threads=1, **options)
    return path


def plain(zones: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Zones without numbers: the parent by OSM id, sorted."""
    osm_ids = {zone["id"]: (zone["osm_id"], zone["geometry"] is None) for zone in zones}
    found = [{**zone, "id": None, "parent": osm_ids.get(zone["parent"])} for zone in zones]
    return sorted(found, key=lambda zone: (zone["osm_id"], zone["geometry"] is None))


def only(world: World, bases: set[int]) -> World:
    """The same world with some of its countries."""
    kept = [r for r in world.relations if r[0] // 1000 * 1000 in bases]
    return World(world.step, world.origin, world.nodes, world.node_tags, world.ways, kept, world.first_id)


def three_countries(sizes: tuple[int, int, int]) -> World:
    world = World()
    x = 0
    for number, (code, size) in enumerate(zip(("FR", "BE", "NL"), sizes, strict=True)):
        country(world, 1000 * (number + 1), x, code, size=2 * size)
        x += 2 * size
    return world


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3),
    split=st.lists(st.sampled_from([1, 2, 3]), min_size=3, max_size=3),
)
def test_parts_by_country_make_the_whole(sizes: tuple[int, int, int], split: list[int], tmp_path: Path) -> None:
    world = three_countries(sizes)
    whole = zones_of(made(world, tmp_path / "whole.jsonl"))
    parts = []
    for part in sorted(set(split)):
        bases = {1000 * (k + 1) for k in range(3) if split[k] == part}
        parts.append(made(only(world, bases), tmp_path / f"part{part}.jsonl"))
    result = merge(parts, tmp_path / "merged.jsonl.gz")
    merged = zones_of(tmp_path / "merged.jsonl.gz")
    assert plain(merged) == plain(whole)
    assert len({zone["id"] for zone in merged}) == len(merged) == result.zones
    assert result.dropped == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.sets(st.sampled_from([1000, 2000, 3000]), min_size=1), turned=st.booleans())
def test_an_overlap_leaves_no_copy_and_no_orphan(first: set[int], turned: bool, tmp_path: Path) -> None:
    world = three_countries((2, 3, 2))
    whole = zones_of(made(world, tmp_path / "whole.jsonl"))
    one = made(only(world, first), tmp_path / "one.jsonl")
    two = made(only(world, {1000, 2000, 3000} - first | {2000}), tmp_path / "two.jsonl")
    result = merge([two, one] if turned else [one, two], tmp_path / "merged.jsonl")
    merged = zones_of(tmp_path / "merged.jsonl")
    osm_ids = [zone["osm_id"] for zone in merged]
    assert len(set(osm_ids)) == len(osm_ids)
    assert plain(merged) == plain(whole)
    shared = len(zones_of(one)) + len(zones_of(two)) - len(whole)
    assert len(result.dropped) == shared


def test_a_cut_state_finds_its_parts_again(tmp_path: Path) -> None:
    # the first extract has the cities of state 1010 but not the state and the country; the second has those
    world = World()
    country(world, 1000, 0)
    whole = zones_of(made(world, tmp_path / "whole.jsonl"))
    cities = {f"relation:{1101 + k}" for k in range(4)}
    numbers = {int(osm_id.split(":")[1]) for osm_id in cities}
    below = only(world, {1000})
    below.relations = [r for r in world.relations if r[0] in numbers]
    above = only(world, {1000})
    above.relations = [r for r in world.relations if r[0] not in numbers]
    one = made(below, tmp_path / "one.jsonl", country_code="FR")
    two = made(above, tmp_path / "two.jsonl")
    assert {zone["parent"] for zone in zones_of(one)} == {None}
    result = merge([one, two], tmp_path / "merged.jsonl")
    assert result.reparented == 4
    assert plain(zones_of(tmp_path / "merged.jsonl")) == plain(whole)


def test_children_follow_the_copy_that_stays(tmp_path: Path) -> None:
    # the first file has a smaller copy of the country, but the states
    world = World()
    country(world, 1000, 0)
    small = only(world, {1000})
    big = World(relations=[])
    big.area(1000, block(0, 0, 9, 8), name="FR", admin_level="2")
    ref, tags, members = big.relations[-1]
    big.relations[-1] = (ref, {**tags, "ISO3166-1:alpha2": "FR"}, members)
    one, two = made(small, tmp_path / "one.jsonl"), made(big, tmp_path / "two.jsonl")
    result = merge([one, two], tmp_path / "merged.jsonl")
    merged = {zone["osm_id"]: zone for zone in zones_of(tmp_path / "merged.jsonl")}
    assert result.dropped == [{"osm_id": "relation:1000", "file": str(one), "kept": str(two)}]
    assert merged["relation:1010"]["parent"] == merged["relation:1000"]["id"]
    assert merged["relation:1000"]["bbox"][2] == pytest.approx(0.09)


def test_bare_records_and_copies_inside_a_file_stay(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    world.node(0.5, 1.5, place="suburb", name="s")
    one = made(world, tmp_path / "one.jsonl")
    merged = tmp_path / "merged.jsonl"
    merge([one], merged)
    assert zones_of(merged) == zones_of(one)
    merge([one, one], merged)
    osm_ids = [zone["osm_id"] for zone in zones_of(merged) if zone["osm_id"].startswith("node")]
    assert len(osm_ids) == 3  # the bare record of each file, the zone once


def test_keep_duplicates_only_renumbers(tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    one = made(world, tmp_path / "one.jsonl")
    merge([one, one], tmp_path / "merged.jsonl", keep_duplicates=True)
    zones, once = zones_of(tmp_path / "merged.jsonl"), zones_of(one)
    offset = max(zone["id"] for zone in once) + 1
    assert zones[: len(once)] == once
    assert [zone["id"] for zone in zones[len(once) :]] == [zone["id"] + offset for zone in once]
    assert zones[len(once) + 1]["parent"] == once[1]["parent"] + offset


@pytest.mark.parametrize("form", [".json", ".json.gz", ".jsonl", ".jsonl.gz"])
def test_all_formats_are_read(form: str, tmp_path: Path) -> None:
    world = World()
    country(world, 1000, 0)
    one, other = made(world, tmp_path / f"one{form}"), made(world, tmp_path / "other.jsonl")
    merge([one], tmp_path / "merged.jsonl")
    assert zones_of(tmp_path / "merged.jsonl") == zones_of(other)


def zone(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "osm_id": f"relation:{number}", "name": "n", "zone_type": "city", "parent": None, **more}


def lines(path: Path, *zones: Any) -> Path:
    data = b"".join(z if isinstance(z, bytes) else orjson.dumps(z) + b"\n" for z in zones)
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def test_empty_file_does_not_lower_the_ids_after_it(tmp_path: Path) -> None:
    files = [
        lines(tmp_path / f"{k}.jsonl", *zones) for k, zones in enumerate([[zone(7)], [], [zone(0)], [], [zone(0)]])
    ]
    merge(files, tmp_path / "merged.jsonl", keep_duplicates=True)
    assert [z["id"] for z in zones_of(tmp_path / "merged.jsonl")] == [7, 8, 9]


def test_lines_that_are_not_zones_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bad = lines(tmp_path / "bad.jsonl", zone(1), b"{broken\n", {"id": 1}, zone(2, zone_type="town"), b"[]\n")
    result = merge([bad], tmp_path / "merged.jsonl")
    assert (result.zones, result.dropped_lines) == (1, {str(bad): 4})
    assert "bad.jsonl: 4 lines are not zones, left out" in caplog.text


def test_every_member_of_a_gzip_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl.gz"
    path.write_bytes(gzip.compress(orjson.dumps(zone(1)) + b"\n") + gzip.compress(orjson.dumps(zone(2)) + b"\n"))
    assert merge([path], tmp_path / "merged.jsonl").zones == 2


def test_a_damaged_file_ends_the_merge_and_leaves_the_old_result(tmp_path: Path) -> None:
    good = lines(tmp_path / "good.jsonl.gz", *[zone(k, tags={"a": str(hash(str(k)))}) for k in range(500)])
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(good.read_bytes()[:-300])
    merged = tmp_path / "merged.jsonl"
    merged.write_text("old")
    with pytest.raises(CosmogonyError, match=r"cut\.jsonl\.gz: the gzip file is damaged or cut off"):
        merge([good, cut], merged)
    assert merged.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.jsonl.gz", "good.jsonl.gz", "merged.jsonl"]


@pytest.mark.parametrize(("name", "text"), [("x.json", "{}"), ("x.json", "[1"), ("x.jsonl.gz", "plain")])
def test_a_file_without_zones_is_named(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CosmogonyError, match=name):
        merge([tmp_path / name], tmp_path / "merged.jsonl")


def test_merge_writes_lines_only(tmp_path: Path) -> None:
    one = lines(tmp_path / "one.jsonl", zone(1))
    for name in ("merged.json", "merged.json.gz"):
        with pytest.raises(CosmogonyError, match=r"merge writes \.jsonl or \.jsonl\.gz only"):
            merge([one], tmp_path / name)
    with pytest.raises(CosmogonyError, match="Unable to detect the file format"):
        merge([one], tmp_path / "merged.txt")
    with pytest.raises(CosmogonyError, match=r"gone\.jsonl: cannot be opened"):
        merge([tmp_path / "gone.jsonl"], tmp_path / "merged.jsonl")


def test_the_result_is_one_gzip_member_of_complete_lines(tmp_path: Path) -> None:
    one = lines(tmp_path / "one.jsonl", *[zone(k) for k in range(100)])
    merge([one], tmp_path / "merged.jsonl.gz")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    text = unpacker.decompress((tmp_path / "merged.jsonl.gz").read_bytes())
    assert unpacker.unused_data == b""
    assert [json.loads(line)["id"] for line in text.splitlines()] == list(range(100))


def test_no_parent_is_taken_from_another_country(tmp_path: Path) -> None:
    """A town that its own file says is Belgian does not get a French parent; one without a country does."""

    def around(low: float, high: float) -> dict[str, Any]:
        corners = [[low, low], [high, low], [high, high], [low, high], [low, low]]
        return {"type": "Polygon", "coordinates": [corners]}

    towns = lines(
        tmp_path / "towns.jsonl",
        zone(0, geometry=around(1, 2), country_code="BE"),
        zone(1, geometry=around(3, 4), country_code="FR"),
        zone(2, geometry=around(5, 6), country_code=None),
        zone(3, geometry=around(7, 8), country_code="GF", tags={"ISO3166-1:alpha2": "GF"}),
    )
    land = zone(9, geometry=around(0, 10), country_code="FR", zone_type="country", tags={"ISO3166-1:alpha2": "FR"})
    merge([towns, lines(tmp_path / "land.jsonl", land)], tmp_path / "merged.jsonl")
    merged = zones_of(tmp_path / "merged.jsonl")
    country = next(z["id"] for z in merged if z["osm_id"] == "relation:9")
    parents = {z["osm_id"]: z["parent"] for z in merged if z["zone_type"] == "city"}
    assert parents == {"relation:0": None, "relation:1": country, "relation:2": country, "relation:3": country}
