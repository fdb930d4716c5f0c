# SPDX-License-Identifier: Apache-2.0
"""The real packages: what the extractor makes of them. They are fetched once and kept where the role keeps them."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
import yaml
from atlas_osm.extracts import Extract
from checkout import CHECKOUT
from cosmogony.files.recordfile import read_records
from cosmogony.generate import GenerateResult, generate
from cosmogony.merge import merge

from .synthetic import Written, read

ROLE = CHECKOUT / "local/roles/samples"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosmogony-stack" / "npm"
FIRST = 9_000_000_000_000


@dataclass
class Sample:
    """An extract of the role and the zones it gives."""

    extract: Path
    answer: dict[str, Any]
    file: Path
    result: GenerateResult

    @property
    def zones(self) -> dict[str, dict[str, Any]]:
        return {zone["osm_id"]: zone for zone in read_records(self.file) if zone is not None}


def wanted(atlas: str) -> Extract:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    return next(Extract.from_options(item) for item in defaults["samples_atlas_files"] if item["atlas"] == atlas)


def made(atlas: str, folder: Path) -> Sample:
    answer = wanted(atlas).make(folder, CACHE, "")  # fails and says why where no registry can be reached
    extract = folder / wanted(atlas).name
    file = folder / f"{atlas}.jsonl.gz"
    return Sample(extract, answer, file, generate(extract, file, threads=1))


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Sample:
    return made("world", tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def united_states(tmp_path_factory) -> Sample:
    return made("united_states", tmp_path_factory.mktemp("united_states"))


@pytest.fixture(scope="session")
def world_objects(world) -> Written:
    return read(world.extract)


def test_the_united_states_have_states_and_counties(united_states):
    assert united_states.result.by_type == {"country": 1, "state": 56, "state_district": 3230}
    assert united_states.answer == {"zones": 3287, "without_area": ["Falls Church"]}
    assert united_states.result.incomplete == []
    assert united_states.result.statistics["zone_without_country"] == 0


def test_every_county_is_in_its_state_and_every_state_in_the_nation(united_states):
    zones = united_states.zones
    by_id = {zone["id"]: zone["osm_id"] for zone in zones.values()}
    parents = {osm_id: by_id.get(zone["parent"]) for osm_id, zone in zones.items()}
    assert parents.pop(f"relation:{FIRST + 840}") is None
    for osm_id, parent in parents.items():
        number = int(osm_id.partition(":")[2]) - FIRST
        expected = 10_000 + (number - 100_000) // 1000 if number >= 100_000 else 840
        assert parent == f"relation:{FIRST + expected}", zones[osm_id]["name"]


def test_states_have_codes_and_labels(united_states):
    codes = {z["tags"]["ISO3166-2"] for z in united_states.zones.values() if z["zone_type"] == "state"}
    assert len(codes) == 56 and {"US-CA", "US-DC", "US-PR"} <= codes
    angeles = united_states.zones[f"relation:{FIRST + 106_037}"]
    assert angeles["label"] == "Los Angeles, California, United States of America"


def test_the_world_has_countries(world):
    assert set(world.result.by_type) == {"country"}
    assert world.result.zones == 229
    assert world.answer["without_area"] == ["Vatican City"]
    assert world.result.incomplete == []
    # no ISO code, or no boundary rules: Antarctica, Kosovo, Western Sahara, Northern Cyprus, Somaliland and the like
    assert world.result.statistics["zone_without_country"] == 18
    assert world.result.statistics["unhandled_admin_level"] == {}
    wikidata = [zone["wikidata"] for zone in world.zones.values() if zone["wikidata"]]
    assert len(wikidata) == len(set(wikidata)) == 196


def test_liechtenstein_is_left_to_the_other_sample(world):
    countries = [zone for zone in world.zones.values() if zone["country_code"] in {"AT", "CH", "LI"}]
    assert {zone["country_code"] for zone in countries} == {"AT", "CH"}
    vaduz = shapely.Point(9.5209, 47.1410)
    assert not any(_shape(zone).contains(vaduz) for zone in countries)


def test_no_name_is_shortened(world):
    assert [zone["name"] for zone in world.zones.values() if "." in zone["name"]] == []


def test_neighbours_share_their_borders(world_objects):
    users = Counter(way for _, _, members in world_objects.relations.values() for way, _ in members)
    assert max(users.values()) == 2
    for one, other in [("France", "Spain"), ("Canada", "United States of America"), ("China", "Russia")]:
        shared = {way for way, _ in world_objects.members(one)} & {way for way, _ in world_objects.members(other)}
        assert shared, (one, other)


def test_borders_stay_on_their_side_of_the_antimeridian(world, world_objects):
    for way in world_objects.ways:
        line = world_objects.line(way)
        assert all(abs(a[0] - b[0]) <= 180 for a, b in pairwise(line)) or _is_polar(line), way
    shapes = {zone["name"]: _shape(zone) for zone in world.zones.values()}
    for name, area in (("Russia", 2929), ("Fiji", 1.61)):
        assert shapes[name].area == pytest.approx(area, rel=0.01)
        west, _, east, _ = shapes[name].bounds
        assert (west, east) == (-180, 180)
        assert max(part.bounds[2] - part.bounds[0] for part in shapes[name].geoms) < 180


def _shape(zone: dict[str, Any]) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(zone["geometry"]))


def _is_polar(line: list[tuple[float, float]]) -> bool:
    """The line that closes Antarctica goes along the pole."""
    return all(x in (-180, 180) for x, _ in line) and min(y for _, y in line) == -90


def test_the_same_package_gives_the_same_bytes(world, tmp_path):
    wanted("world").make(tmp_path, CACHE, "")
    assert (tmp_path / world.extract.name).read_bytes() == world.extract.read_bytes()


def test_together_the_united_states_are_there_once(world, united_states, tmp_path):
    both = tmp_path / "both.jsonl.gz"
    result = merge([world.file, united_states.file], both)
    zones = [zone for zone in read_records(both) if zone is not None]
    assert result.zones == len(zones) == 229 + 3287 - 1
    nation = [zone for zone in zones if zone["osm_id"] == f"relation:{FIRST + 840}"]
    assert len(nation) == 1
    states = [zone for zone in zones if zone["zone_type"] == "state"]
    assert {zone["parent"] for zone in states} == {nation[0]["id"]}
    # the copy of the world, whose border the neighbours share
    assert nation[0]["geometry"] == world.zones[nation[0]["osm_id"]]["geometry"]
