# SPDX-License-Identifier: Apache-2.0
"""The gate lets whole releases through, blocks others and says why and what to do."""

from __future__ import annotations

import psycopg
import pytest
from helpers import Importer, Zones, grid, square, zone

TWO = [*grid(5), *grid(5, west=20, country="BB", first=100)]


@pytest.fixture
def live(importer: Importer, zones: Zones) -> str:
    release = importer.load(zones.write(TWO, "live.jsonl.gz"))
    importer.run("gate", "--release", release)
    importer.run("publish", "--release", release)
    return release


def gate(importer: Importer, release: str, *options: object, blocked: bool = True) -> str:
    said = importer.run("gate", "--release", release, *options, code=1 if blocked else 0)
    assert importer.output("verdict") == ("blocked" if blocked else "passed")
    return said


def test_a_good_release_passes(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write(TWO))
    gate(importer, release, blocked=False)
    importer.run("publish", "--release", release)
    assert importer.live() == release


def test_a_loss_is_named_and_can_be_overridden(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write([one for one in TWO if not 110 <= one["id"] < 123]))
    said = gate(importer, release)
    assert f"country BB, type city: 12 zones, 25 in the live release {live} (-52.0 %, limit 5 %)" in said
    assert "all zones: 39 zones, 52 in the live release" in said
    assert "country AA" not in said
    assert f"the live release {live} stays" in said
    assert "gate --release ID --override REASON" in said
    assert "is blocked by the gate" in importer.run("publish", "--release", release, code=1)
    assert importer.live() == live
    importer.run("gate", "--release", release, "--override", "BB merged its cities")
    assert importer.output("verdict") == "overridden"
    importer.run("publish", "--release", release)
    kept = {one["id"]: one for one in importer.list()}[release]
    assert (kept["live"], kept["gate"], kept["override"]) == (True, "overridden", "BB merged its cities")


def test_limits_are_settings(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write([one for one in TWO if not 110 <= one["id"] < 113]))
    gate(importer, release)  # 5.8 % of all, though few of one type
    gate(importer, release, "--max-loss-percent", 6, blocked=False)  # 12 % of the cities of BB, but only 3
    assert "country BB, type city" in gate(importer, release, "--max-loss-percent", 6, "--max-loss-zones", 2)
    gate(importer, release, "--max-loss-percent", 12, "--max-loss-zones", 2, blocked=False)


def test_a_vanished_type_is_named(importer: Importer, zones: Zones, live: str) -> None:
    renamed = [one | {"zone_type": "country_region"} if one["id"] == 100 else one for one in TWO]
    said = gate(importer, importer.load(zones.write(renamed)))
    assert "country BB, type country: 0 zones, 1 in the live release" in said


def test_growth_passes(importer: Importer, zones: Zones, live: str) -> None:
    gate(importer, importer.load(zones.write([*TWO, *grid(3, west=40, country="CC", first=200)])), blocked=False)


def test_orphans_block(importer: Importer, zones: Zones) -> None:
    orphan = zone(77, "Lost", "city", 8, square(0, 0, 1, 1), parent=4711)
    said = gate(importer, importer.load(zones.write([*grid(2), orphan])))
    assert "1 zones have a parent that is not there: zone 77 (relation:900077 Lost) has parent 4711" in said


def test_empty_blocks(importer: Importer, zones: Zones) -> None:
    importer.run("import_data", zones.write([]), "--allow-empty")
    assert "it has no zones" in gate(importer, importer.list()[0]["id"])


def test_lost_rows_block(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    db.execute(f"DELETE FROM release_{release.replace('-', '_')}.zones WHERE id = 5")
    assert "17 zones were loaded but 16 are there" in gate(importer, release)


def test_empty_tiles_block(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    importer.run("tiles", "--release", release, "--max-zoom", 9)
    db.execute(f"DELETE FROM release_{release.replace('-', '_')}.tiles WHERE z > 5")
    said = gate(importer, release)
    assert "is empty although zone" in said


def test_original_database_has_no_countries(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    live = importer.load(zones.write(TWO))
    importer.run("publish")
    db.execute(f"UPDATE release_{live.replace('-', '_')}.zones SET country_code = NULL")
    gate(importer, importer.load(zones.write(TWO, "same.jsonl.gz")), blocked=False)
    said = gate(importer, importer.load(zones.write(TWO[:30], "less.jsonl.gz")))
    assert "country unknown, type city: 28 zones, 50 in the live release" in said
