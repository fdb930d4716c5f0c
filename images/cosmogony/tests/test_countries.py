# SPDX-License-Identifier: Apache-2.0
"""Country code, parent and label are of one chain, whoever claims the land."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from cosmogony.cli import main
from cosmogony.errors import CosmogonyError
from cosmogony.generate import generate
from extractor_support.world import World, block

CODES = ("FR", "de", "Be", "NL", "GF", "XX", "D", "")


@pytest.mark.parametrize("seed", range(40))
def test_one_country_from_the_bottom_to_the_top(tmp_path: Path, seed: int) -> None:
    """Rectangles that overlap, at any level, with and without codes."""
    generator = random.Random(seed)
    world = World()
    for number in range(1, 25):
        x, y = generator.randint(0, 9), generator.randint(0, 9)
        cells = block(x, y, x + generator.randint(1, 10), y + generator.randint(1, 10))
        tags = {"name": f"zone {number}", "admin_level": generator.choice(("2", "3", "4", "6", "8", "9"))}
        if generator.random() < 0.4:
            tags["ISO3166-1:alpha2"] = generator.choice(CODES)
        if generator.random() < 0.3:
            tags["ISO3166-2"] = generator.choice(("FR-A", "de-b", "BE-1", "x"))
        world.area(number, cells)
        world.relations[-1] = (number, {"boundary": "administrative", **tags}, world.relations[-1][2])
    for number in range(8):
        world.node(generator.random() * 10, generator.random() * 10, place="suburb", name=f"place {number}")
    target = tmp_path / "z.jsonl"
    try:
        generate(world.write(tmp_path / "w.osm.pbf"), target, threads=1)
    except CosmogonyError as error:
        assert "no country found" in str(error)
        return
    zones = {zone["id"]: zone for zone in map(json.loads, target.read_bytes().splitlines())}
    for zone in zones.values():
        if zone["geometry"] is None:
            continue
        chain = [zone]
        while chain[-1]["parent"] is not None:
            chain.append(zones[chain[-1]["parent"]])
        assert {other["country_code"] for other in chain} == {zone["country_code"]}
        assert zone["label"] == ", ".join(other["name"] for other in chain)


def test_invalid_country_code_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    for number, code in ((1, "FR"), (2, "FRA")):
        world.area(number, block(20 * number, 0, 20 * number + 2, 2), name=f"Land {number}", admin_level="2")
        _, tags, members = world.relations[-1]
        world.relations[-1] = (number, {**tags, "ISO3166-1:alpha2": code}, members)
    source = world.write(tmp_path / "w.osm.pbf")
    result = generate(source, tmp_path / "z.jsonl", threads=1)
    assert [(row["reason"], row["examples"]) for row in result.left_out] == [("invalid_code", ["relation:2"])]
    assert "relation:2 'Land 2': ISO3166-1:alpha2 is not a two-letter code" in caplog.text


def test_explain_shows_the_country_of_an_overlap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    for number, code in ((1, "FR"), (2, "DE")):
        world.area(number, block(0, 0, 4, 4), name=code, admin_level="2")
        _, tags, members = world.relations[-1]
        world.relations[-1] = (number, {**tags, "ISO3166-1:alpha2": code}, members)
    world.area(3, block(1, 1, 2, 2), name="Town", admin_level="8")
    source = world.write(tmp_path / "w.osm.pbf")
    assert main(["explain", str(source), "relation:3", "--no-progress"]) == 0
    assert "FR, by relation:1" in capsys.readouterr().out
