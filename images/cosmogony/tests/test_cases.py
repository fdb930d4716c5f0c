# SPDX-License-Identifier: Apache-2.0
"""Untidy data, one kind per file (data/cases): made of squares, so that the right answer is arithmetic."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import shapely
from cosmogony.cli import main
from cosmogony.errors import CosmogonyError, IncompleteError
from cosmogony.generate import GenerateResult, generate

Zones = dict[str, dict[str, Any]]


class Case:
    """Runs a file of data/cases."""

    def __init__(self, data: Path, folder: Path) -> None:
        self._data, self._target = data / "cases", folder / "zones.jsonl"

    def path(self, name: str) -> Path:
        (found,) = self._data.glob(f"{name}_*.osm")
        return found

    def run(self, name: str, **options: Any) -> tuple[Zones, GenerateResult]:
        result = generate(self.path(name), self._target, threads=1, **options)
        zones = {zone["osm_id"]: zone for zone in map(json.loads, self._target.read_bytes().splitlines())}
        if not options.get("as_original"):
            check_always(zones)
        return zones, result


@pytest.fixture
def case(data: Path, tmp_path: Path) -> Case:
    return Case(data, tmp_path)


def check_always(zones: Zones) -> None:
    """What holds for all zones: a valid geometry with an area, and one country from the top to the bottom."""
    by_id = {zone["id"]: zone for zone in zones.values()}
    for zone in zones.values():
        if zone["geometry"] is not None:
            shape = shapely.from_geojson(json.dumps(zone["geometry"]))
            assert shape.is_valid and shape.area > 1e-10, zone["osm_id"]
        if zone["parent"] is not None:
            assert by_id[zone["parent"]]["country_code"] == zone["country_code"], zone["osm_id"]


def areas(zones: Zones) -> dict[str, float]:
    return {zone["name"]: round(shape_of(zone).area, 6) for zone in zones.values()}


def shape_of(zone: dict[str, Any]) -> shapely.MultiPolygon:
    return shapely.from_geojson(json.dumps(zone["geometry"]))


def parent_of(zones: Zones, osm_id: str) -> str | None:
    return next((other["name"] for other in zones.values() if other["id"] == zones[osm_id]["parent"]), None)


def rows(table: list[Any]) -> dict[tuple[str, int | str | None], list[str]]:
    """Examples by reason and level or place."""
    return {(row["reason"], row["place"] or row["admin_level"]): row["examples"] for row in table}


def test_holes_without_a_role(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cosmogony"):
        zones, result = case.run("E03")
    assert areas(zones) == {
        "Landia": 384,
        "Roleless": 84,
        "Hole town": 16,
        "District of Hole town": 1,
        "All outer": 84,
        "Only inner": 1,
    }
    assert parent_of(zones, "relation:3003") == "Hole town"
    assert rows(result.repaired) == {("role", 8): ["relation:3004", "relation:3005"]}
    assert "relation:3005" in caplog.text


def test_holes_without_a_role_as_original(case: Case) -> None:
    zones, result = case.run("E03", as_original=True)
    assert (areas(zones)["Roleless"], areas(zones)["All outer"]) == (116, 116)
    assert "relation:3005" not in zones
    assert parent_of(zones, "relation:3003") == "Roleless"
    assert result.as_original


def test_a_repeated_member_counts_once(case: Case) -> None:
    zones, result = case.run("E04")
    assert (areas(zones)["Twice open"], areas(zones)["Twice closed"]) == (100, 4)
    assert len(shape_of(zones["relation:4002"]).geoms) == 1
    assert rows(result.repaired) == {
        ("repeated_member", 8): ["relation:4001"],
        ("repeated_member", 9): ["relation:4002"],
    }
    original, _ = case.run("E04", as_original=True)
    assert (areas(original)["Twice open"], areas(original)["Twice closed"]) == (0, 8)


def test_zones_across_the_antimeridian(case: Case) -> None:
    zones, _ = case.run("E05")
    assert zones["relation:5001"]["bbox"] == [177, -18, -179, -16]
    assert zones["relation:5001"]["center"]["coordinates"] == pytest.approx([179, -17])
    assert zones["relation:5002"]["bbox"] == [179.5, -17.5, -179.5, -16.5]
    assert abs(zones["relation:5002"]["center"]["coordinates"][0]) == pytest.approx(180)
    assert parent_of(zones, "relation:5002") == "Datelinia"
    original, _ = case.run("E05", as_original=True)
    assert original["relation:5001"]["bbox"] == [-180, -18, 180, -16]
    assert original["relation:5001"]["center"]["coordinates"] == pytest.approx([89, -17])


def test_places_without_a_zone_are_counted_by_type(case: Case) -> None:
    for as_original in (False, True):
        _, result = case.run("E06", as_original=as_original)
        found = rows(result.left_out)
        assert found == {("place_without_zone", "island"): ["node:61"], ("place_without_zone", "village"): ["node:62"]}
        assert {row["country_code"] for row in result.left_out} == {"MT"}


def test_levels_and_lists_of_postcodes(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    zones, result = case.run("E07")
    assert zones["relation:7003"]["admin_level"] == zones["relation:7005"]["admin_level"] == 8
    assert rows(result.left_out) == {("invalid_code", None): ["relation:7002", "relation:7004"]}
    assert "relation:7002 'Free city': admin_level '4;6' is not a number" in caplog.text
    assert "relation:7004 'Full-width eight': admin_level '８' is not a number" in caplog.text
    assert zones["relation:7003"]["zip_codes"] == ["01067", "01069"]
    assert zones["relation:7006"]["zip_codes"] == ["1010", "20095", "20097 - 20099", "21149"]
    assert zones["relation:7006"]["label"] == "List of codes (1010-21149), Zero eight, Listland"
    assert zones["relation:7007"]["label"] == "Slash and colon, Zero eight, Listland"
    assert zones["relation:7009"]["name"] == "Blanks around"
    original, _ = case.run("E07", as_original=True)
    assert "relation:7003" not in original
    assert original["relation:7006"]["zip_codes"] == ["1010", "20095", "20095", "20097 - 20099,21149"]
    assert original["relation:7006"]["label"].startswith("List of codes (1010-20097 - 20099,21149), ")
    assert original["relation:7009"]["name"] == " Blanks around  "


def test_names_are_cleaned(case: Case) -> None:
    zones, result = case.run("E08")
    assert zones["relation:8002"]["name"] == "חיפה (A-1)"
    assert zones["relation:8003"]["label"] == "Tab and newline, ישראל"
    assert len(zones["relation:8005"]["name"]) == 403
    assert rows(result.left_out) == {("no_name", 4): ["relation:8004"]}
    original, _ = case.run("E08", as_original=True)
    assert original["relation:8003"]["name"] == "Tab\tand\nnewline"
    assert original["relation:8004"]["name"] == "   "


def test_an_admin_centre_of_another_name_outside_does_not_count(case: Case) -> None:
    zones, _ = case.run("E09")
    field, both = zones["relation:9002"], zones["relation:9003"]
    assert field["center"]["coordinates"] == [2.5, 2.5]
    assert (field["international_labels"], field["center_tags"]) == ({}, {})
    assert both["center"]["coordinates"] == [2, 2]  # the label node
    assert both["international_labels"] == {}
    assert "name:fr" not in both["tags"]
    original, _ = case.run("E09", as_original=True)
    assert original["relation:9003"]["center"]["coordinates"] == [9, 9]
    assert original["relation:9003"]["tags"]["name:fr"] == "Communaute des Champs"


def test_disputed_land_belongs_to_one_country(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cosmogony"):
        zones, result = case.run("E10")
    assert zones["relation:10004"]["country_code"] == zones["relation:10003"]["country_code"] == "FR"
    assert zones["relation:10004"]["label"] == "Claimed Town, Claimed Province, Westland"
    assert result.disputed == {"count": 1, "examples": ["relation:10005"]}
    assert "boundary=disputed" in caplog.text
    original, _ = case.run("E10", as_original=True)
    assert original["relation:10004"]["country_code"] == "DE"
    assert parent_of(original, "relation:10003") == "Westland"


def test_a_town_whose_country_is_cut_is_named(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cosmogony"):
        zones, result = case.run("E11")
    assert areas(zones)["Mainland and Islands"] == 1
    assert parent_of(zones, "relation:11003") == "Little Enclave"
    assert rows(result.left_out) == {("cut_at_edge", 2): ["relation:11001"], ("no_country", 8): ["relation:11004"]}
    assert "relation:11004" in caplog.text


def test_two_nodes_at_one_place_are_one_point(case: Case) -> None:
    zones, result = case.run("E13")
    assert areas(zones)["Two nodes one place"] == 100
    assert rows(result.repaired) == {("ring_closed", 8): ["relation:13001"]}
    original, lost = case.run("E13", as_original=True)
    assert "relation:13001" not in original
    assert rows(lost.left_out) == {("broken_geometry", 8): ["relation:13001"]}


@pytest.mark.parametrize("as_original", [False, True])
def test_a_cut_country_is_incomplete_whatever_the_case_of_its_code(case: Case, as_original: bool) -> None:
    with pytest.raises(IncompleteError, match="relation:15001 'Andorra'"):
        case.run("E15", country_code="AD", fail_on_incomplete="own", as_original=as_original)


def test_a_zone_whose_parent_is_cut_is_named(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cosmogony"):
        case.run("E15", country_code="AD")
    assert "without a parent, which is cut or missing: 1: relation:15002 'Canillo'" in caplog.text


def test_cut_country_exits_with_1(case: Case, tmp_path: Path) -> None:
    arguments = ["-i", str(case.path("E15")), "-o", str(tmp_path / "z.json"), "--country-code", "ad"]
    assert main([*arguments, "--fail-on-incomplete", "own", "--no-progress"]) == 1
    assert not (tmp_path / "z.json").exists()


def test_a_country_with_a_code_in_lower_case_is_found(case: Case) -> None:
    zones, _ = case.run("E15b")
    assert zones["relation:15012"]["label"] == "Canillo, Andorra"
    assert {zone["country_code"] for zone in zones.values()} == {"AD"}
    with pytest.raises(CosmogonyError, match="no country found"):
        case.run("E15b", as_original=True)


def test_the_tables_are_in_the_meta_of_a_json_file(case: Case, tmp_path: Path) -> None:
    target = tmp_path / "z.json"
    generate(case.path("E06"), target, threads=1)
    meta = json.loads(target.read_bytes())["meta"]
    assert [row["place"] for row in meta["left_out"]] == ["island", "village"]
    assert (meta["repaired"], meta["disputed"]) == ([], {"count": 0, "examples": []})


def test_explain_shows_each_decision(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(case.path("E10")), "relation:10004", "--no-progress"]) == 0
    printed = capsys.readouterr().out
    assert "DE: lies in relation:10002 'Eastland'" in printed
    assert "FR, by relation:10001" in printed
    assert "not taken: it is in DE" in printed
    assert "city 'Claimed Town, Claimed Province, Westland', country FR" in printed


@pytest.mark.parametrize(
    ("name", "osm_id", "expected"),
    [
        ("E03", "relation:3004", "polygon 1, hole 1: 1 ways, 16 square degrees"),
        ("E03", "relation:3005", "repaired (role): members of role inner make an outer ring"),
        ("E06", "node:61", "place_without_zone"),
        ("E06", "node:62", "place_without_zone"),
        ("E07", "relation:7002", "invalid_code"),
        ("E08", "relation:8004", "no_name"),
        ("E09", "relation:9002", "admin_centre 91 has another name and lies outside"),
        ("E11", "relation:11001", "1 members are not in the extract"),
        ("E11", "relation:11004", "no_country"),
    ],
)
def test_explain_prints_the_decisions(
    case: Case, capsys: pytest.CaptureFixture[str], name: str, osm_id: str, expected: str
) -> None:
    assert main(["explain", str(case.path(name)), osm_id, "--no-progress"]) == 0
    assert expected in capsys.readouterr().out


def test_explain_rejects_unknown_objects(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(case.path("E06"))
    assert main(["explain", path, "way:1", "--no-progress"]) == 2
    assert main(["explain", path, "relation:99", "--no-progress"]) == 1
    assert "has no relation:99 that could be a zone" in capsys.readouterr().err
