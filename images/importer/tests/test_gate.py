# SPDX-License-Identifier: Apache-2.0
"""The gate lets whole releases through, blocks others and says why and what to do."""

from __future__ import annotations

import re

import psycopg
import pytest
from cosmogony_steps.documents import to_json
from cosmogony_steps.settings import GateSettings
from importer_support.helpers import Bucket, Importer, Zones, expected_count, grid, manifest_source, square, zone
from zone_records import RECORDS

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


def test_gate_passes_a_good_release(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write(TWO))
    gate(importer, release, blocked=False)
    importer.run("publish", "--release", release)
    assert importer.live() == release


def test_gate_names_losses_and_can_be_overridden(importer: Importer, zones: Zones, live: str) -> None:
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


def test_gate_reads_limits_from_settings(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write([one for one in TWO if not 110 <= one["id"] < 113]))
    gate(importer, release)  # 5.8 % of all, though few of one type
    gate(importer, release, "--set=gate.max_loss_percent=6", blocked=False)  # 12 % of the cities of BB, but only 3
    assert "country BB, type city" in gate(
        importer, release, "--set=gate.max_loss_percent=6", "--set=gate.max_loss_zones=2"
    )
    gate(importer, release, "--set=gate.max_loss_percent=12", "--set=gate.max_loss_zones=2", blocked=False)


def test_gate_names_a_vanished_type(importer: Importer, zones: Zones, live: str) -> None:
    renamed = [one | {"zone_type": "country_region"} if one["id"] == 100 else one for one in TWO]
    said = gate(importer, importer.load(zones.write(renamed)))
    assert "country BB, type country: 0 zones, 1 in the live release" in said


def test_gate_passes_growth(importer: Importer, zones: Zones, live: str) -> None:
    gate(importer, importer.load(zones.write([*TWO, *grid(3, west=40, country="CC", first=200)])), blocked=False)


# Parents


def parents_of(importer: Importer, release: str) -> dict[str, int]:
    return stored(importer, release)["figures"]["parents"]


def test_gate_blocks_missing_parents(importer: Importer, zones: Zones) -> None:
    orphan = zone(77, "Lost", "city", 8, square(0, 0, 1, 1), parent=4711)
    release = importer.load(zones.write([*grid(2), orphan]))
    said = gate(importer, release)
    assert "1 zones have a parent that does not exist: zone 77 (relation:900077 Lost) has parent 4711" in said
    assert parents_of(importer, release) == {"missing": 1, "cycles": 0, "in_cycles": 0}


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("parent_missing", "1 zones have a parent that does not exist: zone 2 (relation:902 Town 2) has parent 77"),
        (
            "parent_cycle",
            "2 zones are their own ancestors, in 1 cycles of parents: zone 2 (relation:902 Town 2) has parent 3; "
            "zone 3 (relation:903 Town 3) has parent 2",
        ),
    ],
)
def test_cases_of_parents_block_and_can_be_overridden(importer: Importer, name: str, finding: str) -> None:
    release = importer.load(RECORDS / f"{name}.jsonl")
    said = gate(importer, release, "--set=gate.max_outside=4")
    assert f"gate: {finding}\n" in said
    assert f"release {release} is blocked: {finding}" in said
    assert "is blocked by the gate" in importer.run("publish", "--release", release, code=1)
    importer.run("gate", "--release", release, "--override", "as the source has them")
    assert importer.output("verdict") == "overridden"
    importer.run("publish", "--release", release)
    assert importer.live() == release


def test_gate_blocks_cycles_and_names_only_their_zones(importer: Importer, zones: Zones) -> None:
    parents = {10: 10, 21: 22, 22: 23, 23: 21, 24: 21, 25: 24}  # 24 and 25 lie below the second cycle
    circling = [zone(n, f"City {n}", "city", 8, square(0, 0, 1, 1), parent=parent) for n, parent in parents.items()]
    release = importer.load(zones.write([*grid(2), *circling]))
    said = gate(importer, release, "--set=gate.max_outside=9")
    assert "gate: 4 zones are their own ancestors, in 2 cycles of parents: zone 10 (relation:900010 City 10) " in said
    assert "; zone 21 (relation:900021 City 21) has parent 22; zone 22 " in said
    assert "zone 24" not in said and "zone 25" not in said
    assert parents_of(importer, release) == {"missing": 0, "cycles": 2, "in_cycles": 4}


def test_gate_names_20_zones_with_wrong_parents(importer: Importer, zones: Zones) -> None:
    size = 25
    lost = [zone(100 + n, "Lost", "city", 8, square(0, 0, 1, 1), parent=999) for n in range(size)]
    ring = [zone(200 + n, "Ring", "city", 8, square(0, 0, 1, 1), parent=200 + (n + 1) % size) for n in range(size)]
    said = gate(importer, importer.load(zones.write([*grid(2), *lost, *ring])), "--set=gate.max_outside=99")
    first, second = (one for one in said.splitlines() if " INFO gate: 25 zones" in one)
    for finding, known in ((first, range(100, 120)), (second, range(200, 220))):
        assert [int(word) for word in re.findall(r"zone (\d+) \(", finding)] == list(known)
        assert finding.endswith("; and 5 more")


def test_gate_blocks_an_empty_release(importer: Importer, zones: Zones) -> None:
    importer.run("import_data", zones.write([]), "--allow-empty")
    assert "it has no zones" in gate(importer, importer.list()[0]["id"])


def test_gate_blocks_missing_rows(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    db.execute(f"DELETE FROM release_{release.replace('-', '_')}.zones WHERE id = 5")
    assert "17 zones were loaded but 16 are there" in gate(importer, release)


def test_gate_blocks_empty_tiles(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    importer.run("tiles", "--release", release, "--max-zoom", 9)
    db.execute(f"DELETE FROM release_{release.replace('-', '_')}.tiles WHERE z > 5")
    said = gate(importer, release)
    assert "is empty although it contains zone" in said


def test_gate_compares_types_only_with_an_adopted_database(
    importer: Importer, zones: Zones, db: psycopg.Connection
) -> None:
    live = importer.load(zones.write(TWO))
    importer.run("publish")
    db.execute(f"UPDATE release_{live.replace('-', '_')}.zones SET country_code = NULL")
    gate(importer, importer.load(zones.write(TWO, "same.jsonl.gz")), blocked=False)
    said = gate(importer, importer.load(zones.write(TWO[:30], "less.jsonl.gz")))
    assert "country unknown, type city: 28 zones, 50 in the live release" in said


# Expected counts


def counted(total: int, status: str, **more: object) -> dict[str, object]:
    bounds = {"expected_min": 20.0, "expected_max": 30.0}
    row = {"wikidata_id": "Q100", "name": "Bland", "country_code": "BB", "zone_type": "city", "total": float(total)}
    return expected_count(status, **row | bounds | more)


def judged(importer: Importer, bucket: Bucket, number: int, statistics: list[dict], *options: object) -> str:
    """Bring a release to the gate by way of the S3 store; returns what the gate said."""
    release = f"2026112{number}t221000-0000000{number}"
    bucket.release(TWO, release, statistics=statistics)
    importer.run("load", "--release", release)
    said = importer.run("gate", "--release", release, *options)
    importer.run("publish", "--release", release)
    return said


def test_gate_blocks_an_expected_count_that_turns_ko(importer: Importer, bucket: Bucket) -> None:
    met = [counted(25, "ok"), counted(3, "ko", zone_type="state"), counted(9, "ok", zone_type="suburb")]
    judged(importer, bucket, 1, met)  # the first release has nothing to compare with, so its ko does not count
    missed = [counted(31, "ko"), counted(3, "ko", zone_type="state"), counted(-1, "skip", zone_type="suburb")]
    release = "20261122t221000-00000002"
    bucket.release(TWO, release, statistics=missed)
    importer.run("load", "--release", release)
    said = gate(importer, release)
    assert (
        "1 expected counts turned ko, limit 0; country BB (Bland), type city: 31 zones, expected 20 to 30, 25 in"
        in said
    )
    gate(importer, release, "--set=gate.max_turned_ko=1", blocked=False)
    figures = stored(importer, release)["figures"]["turned_ko"]
    assert (figures["ok_before"], figures["ok"], figures["ko"]) == (2, 0, 2)
    assert [(row["type"], row["before"], row["after"]) for row in figures["turned"]] == [("city", 25.0, 31.0)]


def test_gate_ignores_changed_expectations(importer: Importer, bucket: Bucket) -> None:
    judged(importer, bucket, 1, [counted(25, "ok")])
    said = judged(importer, bucket, 2, [counted(25, "ko", expected_min=26.0)])
    assert "passed" in said


def read_claims(importer: Importer, release: str) -> dict[str, bool]:
    """Return the claims of a release by zone type, as the API answers them."""
    schema = f"release_{release.replace('-', '_')}"
    with importer.connect() as connection:
        rows = connection.execute(f"SELECT document FROM {schema}.statistics").fetchone()[0]
    return {row["zone_type"]: row["claimed"] for row in rows}


def test_gate_keeps_claims_of_the_live_release(importer: Importer, bucket: Bucket) -> None:
    """Cities that vanish are wrong, and so they stay when the release is published in spite of that."""
    unclaimed = counted(0, "ko", zone_type="state", claimed=False)
    judged(importer, bucket, 1, [counted(25, "ok", claimed=True), unclaimed])
    for number in (2, 3):
        release = f"2026112{number}t221000-0000000{number}"
        bucket.release(TWO, release, statistics=[counted(0, "ko", claimed=False), unclaimed])
        importer.run("load", "--release", release)
        gate(importer, release, blocked=number == 2)
        assert read_claims(importer, release) == {"city": True, "state": False}
        importer.run("gate", "--release", release, "--override", "known")
        importer.run("publish", "--release", release)


def test_gate_blocks_a_count_that_turns_ko_and_is_not_claimed(importer: Importer, bucket: Bucket) -> None:
    """As where the source of the cities was taken away: the page does not show it as wrong, the gate stops it."""
    judged(importer, bucket, 1, [counted(25, "ok", claimed=True)])
    release = "20261122t221000-00000002"
    other = [manifest_source("other.osm.pbf")]
    bucket.release(TWO, release, statistics=[counted(0, "ko", claimed=False)], sources=other)
    importer.run("load", "--release", release)
    assert "1 expected counts turned ko" in gate(importer, release)
    assert read_claims(importer, release) == {"city": False}


# Zones outside their parent


def stored(importer: Importer, release: str) -> dict:
    with importer.connect() as connection:
        return connection.execute("SELECT gate FROM cosmogony_catalog.releases WHERE id = %s", (release,)).fetchone()[0]


def moved(zones: list[dict], by_id: dict[int, float], **more: object) -> list[dict]:
    """Some squares pushed to the east, by degrees."""
    return [
        zone(one["id"], one["name"], "city", 8, square(x := by_id[one["id"]], 0, x + 1, 1), one["parent"], **more)
        if one["id"] in by_id
        else one
        for one in zones
    ]


def test_gate_blocks_zones_beyond_their_parent(importer: Importer, zones: Zones) -> None:
    land = [zone(0, "Land", "country", 2, square(-1, -1, 10, 10)), *grid(4)[1:]]
    release = importer.load(zones.write(moved(land, {1: 9.5, 2: 20.0})))
    said = gate(importer, release)
    assert (
        "2 zones extend more than 1 % beyond their parent, limit 1 (1 %); 1 completely outside, like enclaves" in said
    )
    assert "country AA, type city: 2 zones outside their parent: relation:900002 City 1 is 100.0 % outside" in said
    assert "relation:900001 City 0 is 50.0 % outside relation:900000 Land" in said
    figures = stored(importer, release)["figures"]["outside"]
    assert (figures["children"], figures["checked"], figures["outside"], figures["wholly"]) == (16, 16, 2, 1)
    assert [(row["osm_id"], row["percent"]) for row in figures["worst"]] == [
        ("relation:900002", 100.0),
        ("relation:900001", 50.0),
    ]
    gate(importer, release, "--set=gate.max_outside=2", blocked=False)
    gate(importer, release, "--set=gate.max_outside=12.5%", blocked=False)
    gate(importer, release, "--set=gate.max_outside=1")
    gate(importer, release, "--set=gate.outside_tolerance_percent=51", blocked=False)  # one is left, and one is allowed


def test_gate_counts_generated_zones_beyond_their_parent(importer: Importer, zones: Zones) -> None:
    land = [zone(0, "Land", "country", 2, square(-1, -1, 10, 10)), *grid(4)[1:]]
    beyond = moved(moved(land, {1: 9.5}, osm_id="node:7"), {2: 9.6}, osm_id="node:8")
    said = gate(importer, importer.load(zones.write(beyond)))
    assert "2 zones extend more than 1 % beyond their parent, limit 1 (1 %); 2 of them generated" in said


def test_gate_passes_slivers_and_enclaves_inside_the_parent(importer: Importer, zones: Zones) -> None:
    """The land has a far part and a hole; its cities fill both, and one bulges over the border a little."""
    land = square(0, 0, 4, 4)
    land["coordinates"] += square(20, 20, 21, 21)["coordinates"]
    release = importer.load(
        zones.write(
            [
                zone(0, "Land", "country", 2, land),
                zone(1, "Far", "city", 8, square(20, 20, 21, 21), parent=0),
                zone(2, "Bulge", "city", 8, square(-0.002, 0, 1, 1), parent=0),
            ]
        )
    )
    gate(importer, release, "--set=gate.max_outside=0", blocked=False)


def test_gate_samples_a_large_release(importer: Importer, zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmogony_importer.checks.outside.SAMPLE", 60)
    monkeypatch.setattr("cosmogony_importer.checks.outside.BATCH", 7)
    cities = [
        zone(n, f"City {n}", "city", 8, square(20 if n % 2 else 1, 0, 21 if n % 2 else 2, 1), parent=0)
        for n in range(1, 241)
    ]
    release = importer.load(zones.write([zone(0, "Land", "country", 2, square(0, 0, 10, 10)), *cities]))
    said = gate(importer, release, "--set=gate.max_outside=60")
    assert "about " in said and "limit 60, 60 of 240 checked" in said
    figures = stored(importer, release)["figures"]["outside"]
    assert (figures["children"], figures["checked"]) == (240, 60)
    assert 15 < figures["outside"] < 45  # half of them, more or less
    assert "of 240 checked" not in gate(importer, release, "--set=gate.max_outside=200", blocked=False)
    assert stored(importer, release)["figures"]["outside"]["outside"] == figures["outside"], "the same sample"


@pytest.mark.parametrize("wrong", ["many", "-1", "1.5", "101%", "%"])
def test_gate_refuses_an_invalid_limit(importer: Importer, zones: Zones, wrong: str) -> None:
    release = importer.load(zones.grid())
    said = importer.run("gate", "--release", release, f"--set=gate.max_outside={wrong}", code=2)
    assert "setting gate.max_outside: expected str matching" in said


# Sources that do not hold their own country whole

CUT = {
    "source": "bland.osm.pbf",
    "osm_id": "relation:900100",
    "name": "Bland",
    "admin_level": "2",
    "missing": 7,
    "has_geometry": False,
    "own": True,
}


def test_gate_blocks_a_truncated_country(importer: Importer, bucket: Bucket) -> None:
    first, second, third = (f"2026112{n}t221000-0000000{n}" for n in (1, 2, 3))
    bucket.release(TWO, first, incomplete=[CUT])
    importer.run("load", "--release", first)
    said = gate(importer, first)
    assert "source bland.osm.pbf does not contain all of its country, 1 boundaries are incomplete" in said
    assert "relation:900100 Bland (7 members missing, level 2: left out)" in said
    assert "cosmogony_gate_incomplete: allow" in said
    assert "--override REASON" in said
    gate(importer, first, "--set=gate.incomplete=allow", blocked=False)
    importer.run("gate", "--release", first, "--override", "an island is missing, as always")
    importer.run("publish", "--release", first)

    bucket.release(TWO, second, incomplete=[CUT | {"missing": 8}])  # accepted with the live release
    importer.run("load", "--release", second)
    gate(importer, second, blocked=False)
    figures = stored(importer, second)["figures"]["incomplete"]
    assert (figures["relations"], figures["new"]) == (1, 0)
    assert figures["named"] == [CUT | {"missing": 8}]
    importer.run("publish", "--release", second)

    bucket.release(
        TWO, third, incomplete=[CUT, CUT | {"osm_id": "relation:900123", "name": "Town", "admin_level": "8"}]
    )
    importer.run("load", "--release", third)
    said = gate(importer, third)
    assert "relation:900123 Town (7 members missing, level 8: left out)" in said
    assert "relation:900100" not in said


# What the extractor left out


def left_out(reason: str, country: str | None, count: int, *examples: int, level: int = 8) -> dict[str, object]:
    ids = [f"relation:{number}" for number in examples]
    return {"reason": reason, "country_code": country, "admin_level": level, "place": None, "count": count} | {
        "examples": ids
    }


def compared(
    importer: Importer, bucket: Bucket, before: list[dict] | None, after: list[dict] | None, zones: list[dict]
) -> tuple[str, dict]:
    """What the gate says of a release whose extractor left out other objects than before; and the stored verdict."""
    first, second = "20261121t221000-00000001", "20261122t221000-00000002"
    for release, content, table in ((first, TWO, before), (second, zones, after)):
        bucket.release(content, release, **({} if table is None else {"left_out": table}))
        importer.run("load", "--release", release)
    importer.run("gate", "--release", first)
    importer.run("publish", "--release", first)
    said = importer.run("gate", "--release", second, code=0 if zones is TWO else 1)
    return said, stored(importer, second)


WITHOUT_CITIES = [one for one in TWO if not 110 <= one["id"] < 123]
BEFORE = [
    left_out("broken_geometry", "BB", 1, 1),
    left_out("cut_at_edge", "BB", 5, 10, 11, 12),
    left_out("no_name", "AA", 2, 20, 21),
]


def test_a_loss_names_the_reasons_that_grew(importer: Importer, bucket: Bucket) -> None:
    after = [
        left_out("broken_geometry", "AA", 9, 90, 91),
        left_out("broken_geometry", "BB", 8, 1, 2, 3, 4, 5),
        left_out("broken_geometry", "BB", 4, 6, level=9),
        left_out("cut_at_edge", "BB", 6, 10, 11, 12, 13),
        left_out("no_area", "BB", 1, 30),
        left_out("no_country", None, 50, 40),
        left_out("no_name", "BB", 1, 31),
    ]
    said, verdict = compared(importer, bucket, BEFORE, after, WITHOUT_CITIES)
    loss = "country BB, type city: 12 zones, 25 in the live release 20261121t221000-00000001 (-52.0 %, limit 5 %)"
    assert (
        f"{loss}; more was left out than in it: broken_geometry +11 (relation:2, relation:3, relation:4), "
        "cut_at_edge +1 (relation:13, relation:10, relation:11), no_area +1 (relation:30)"
    ) in said
    assert verdict["figures"]["left_out"]["by_reason"] == {
        "broken_geometry": 21, "cut_at_edge": 6, "no_area": 1, "no_country": 50, "no_name": 1
    }  # fmt: skip
    grown = verdict["figures"]["left_out"]["grown"]
    assert [(row["country"], row["reason"], row["before"], row["after"]) for row in grown[:3]] == [
        ("", "no_country", 0, 50),
        ("BB", "broken_geometry", 1, 12),
        ("AA", "broken_geometry", 0, 9),
    ]


def test_a_loss_names_what_was_left_out_without_a_country(importer: Importer, bucket: Bucket) -> None:
    """Where the border of a country is broken nothing in it has a country."""
    after = [*BEFORE, left_out("no_country", None, 13, 40, 41)]
    said, _ = compared(importer, bucket, BEFORE, after, WITHOUT_CITIES)
    assert "; more was left out than in it, of no known country: no_country +13 (relation:40, relation:41)" in said


def test_a_loss_that_the_extractor_does_not_explain(importer: Importer, bucket: Bucket) -> None:
    after = [*BEFORE, left_out("no_name", "AA", 1, 22)]
    said, _ = compared(importer, bucket, BEFORE, after, WITHOUT_CITIES)
    assert "(-52.0 %, limit 5 %); not more was left out than in it" in said


@pytest.mark.parametrize(("before", "after"), [(None, BEFORE), (BEFORE, None), (None, None)])
def test_gate_accepts_manifest_without_left_out_table(
    importer: Importer, bucket: Bucket, before: list[dict] | None, after: list[dict] | None
) -> None:
    said, verdict = compared(importer, bucket, before, after, WITHOUT_CITIES)
    assert "(-52.0 %, limit 5 %)\n" in said
    assert "than in it" not in said
    assert (verdict["figures"]["left_out"] is None) == (after is None)


def test_boundaries_without_a_valid_polygon_are_listed_and_do_not_block(importer: Importer, bucket: Bucket) -> None:
    after = [
        left_out("broken_geometry", "AA", 20, *range(50, 60)),
        left_out("broken_geometry", "BB", 2, 1, 2),
        left_out("no_area", None, 1, 30),
        left_out("no_name", "AA", 2, 20, 21),
    ]
    said, verdict = compared(importer, bucket, BEFORE, after, TWO)
    named = ", ".join(f"relation:{number}" for number in range(50, 60))
    notes = [
        f"22 left out as broken_geometry, 1 in the live release: {named} and 12 more",
        "1 left out as no_area, 0 in the live release: relation:30",
    ]
    assert (verdict["verdict"], verdict["findings"], verdict["notes"]) == ("passed", [], notes)
    assert all(f"gate: {note}" in said for note in notes)


def test_gate_refuses_unknown_policy(importer: Importer, zones: Zones) -> None:
    release = importer.load(zones.grid())
    said = importer.run("gate", "--release", release, "--set=gate.incomplete=warn", code=2)
    assert "setting gate.incomplete: invalid enum value 'warn'" in said


def test_gate_stores_verdict_with_figures(importer: Importer, zones: Zones, live: str) -> None:
    release = importer.load(zones.write([one for one in TWO if not 110 <= one["id"] < 123]))
    gate(importer, release)
    verdict = stored(importer, release)
    assert verdict["verdict"] == "blocked"
    assert verdict["limits"] == to_json(GateSettings()), "the settings of that time"
    figures = verdict["figures"]
    assert (figures["zones"], figures["compared_with"]) == (39, live)
    assert figures["losses"] == {
        "zones_before": 52,
        "zones_after": 39,
        "changes": [{"country": "BB", "type": "city", "before": 25, "after": 12}],
    }
