# SPDX-License-Identifier: Apache-2.0
"""Merging records that are not as the extractor writes them: what is refused, what is accepted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cosmogony import cli
from cosmogony.errors import CosmogonyError
from cosmogony.files.recordfile import read_records
from cosmogony.geometry import geojson
from cosmogony.merge import merge
from zone_records import RECORDS, country, geometries, line, square, write

INVALID, VALID = geometries("invalid"), geometries("valid")


def refused(*paths: Path) -> str:
    """What merge says; the result of before stays, and nothing lies beside it."""
    folder = paths[0].parent / "merged"
    folder.mkdir(exist_ok=True)
    target = folder / "merged.jsonl"
    target.write_text("before")
    with pytest.raises(CosmogonyError) as error:
        merge(paths, target)
    assert target.read_text() == "before"
    assert list(folder.iterdir()) == [target]
    return str(error.value)


def merged(*paths: Path, **options: Any) -> list[dict[str, Any]]:
    target = paths[0].parent / "merged.jsonl"
    merge(paths, target, **options)
    return [zone for zone in read_records(target) if zone is not None]


@pytest.mark.parametrize("what", INVALID)
def test_a_zone_with_an_invalid_geometry_is_named(what: str, tmp_path: Path) -> None:
    path = write(tmp_path / "zones.jsonl", country(), line(1, square(2, 1)), line(2, INVALID[what]))
    said = refused(path)
    assert f"1 zone is refused: {path}, line 3 (relation:902): " in said
    assert "relation:901" not in said


@pytest.mark.parametrize("what", VALID)
def test_a_valid_geometry_is_merged(what: str, tmp_path: Path) -> None:
    path = write(tmp_path / "zones.jsonl", country(), line(1, VALID[what]))
    assert json.dumps(merged(path)[1]["geometry"]) == json.dumps(json.loads(VALID[what]))


def test_area_of_a_border_that_crosses_itself() -> None:
    measured = geojson.measure_zones([(what, geojson.parse_geometry(json.loads(VALID[what]))) for what in VALID])
    areas = {what: one.area for what, one in zip(VALID, measured, strict=True)}
    assert areas["bow tie"] == pytest.approx(0.5)
    assert areas["with a spike"] == pytest.approx(1)
    assert areas["with a hole"] == pytest.approx(0.98)
    assert areas["two polygons"] == pytest.approx(1.5)
    assert areas["a metre wide"] == pytest.approx(1e-10)


def test_a_sliver_is_accepted_of_a_generated_zone_only(tmp_path: Path) -> None:
    sliver = INVALID["narrower than rounding"]
    generated = write(tmp_path / "generated.jsonl", country(), line(1, sliver, osm_id="node:1", is_generated=True))
    assert len(merged(generated)) == 2
    flat = write(tmp_path / "flat.jsonl", country(), line(1, INVALID["there and back"], osm_id="node:1"))
    assert "line 2 (node:1): its geometry has no area" in refused(flat)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("flat", "its geometry has no area"),
        ("open_ring", "a ring is not closed: it begins at [4, 1] and ends at [4, 2]"),
        ("beyond_180", "[181.5, 1] lies beyond 180 degrees of longitude or 90 of latitude"),
    ],
)
@pytest.mark.parametrize("keep_duplicates", [True, False])
def test_cases_with_an_invalid_geometry(name: str, reason: str, keep_duplicates: bool, tmp_path: Path) -> None:
    path = shutil.copy(RECORDS / f"{name}.jsonl", tmp_path)
    with pytest.raises(CosmogonyError) as error:
        merge([path], tmp_path / "merged.jsonl", keep_duplicates=keep_duplicates)
    assert f"1 zone is refused: {path}, line 3 (relation:902): {reason}. Nothing was written" in str(error.value)
    assert not (tmp_path / "merged.jsonl").exists()


def test_the_command_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "merged.jsonl"
    assert cli.main(["merge", str(RECORDS / "flat.jsonl"), "-o", str(target)]) == 1
    assert "line 3 (relation:902)" in capsys.readouterr().err
    assert not target.exists()


def test_20_are_named_and_the_others_counted(tmp_path: Path) -> None:
    flat = INVALID["there and back"]
    one = write(tmp_path / "one.jsonl", country(), *[line(n, flat) for n in range(1, 16)])
    two = write(tmp_path / "two.jsonl", country(), *[line(n, flat) for n in range(1, 16)])
    said = refused(one, two)
    assert said.startswith(f"30 zones are refused: {one}, line 2 (relation:901): ")
    assert f"{two}, line 6 (relation:905): its geometry has no area; and 10 more. " in said
    assert said.count("its geometry has no area") == 20


def test_an_id_that_comes_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    path = Path(shutil.copy(RECORDS / "same_id_twice.jsonl", tmp_path))
    assert f"{path}, line 3 (relation:999): it has the id 1 of line 2 (relation:901)" in refused(path)
    thrice = write(tmp_path / "thrice.jsonl", line(4), country(), line(4), line(5), line(4))
    said = refused(thrice)
    assert said.startswith("2 zones are refused: ")
    assert "line 3 (relation:904): it has the id 4 of line 1 (relation:904)" in said
    assert "line 5 (relation:904): it has the id 4 of line 1 (relation:904)" in said
    document = write(tmp_path / "zones.json", country(), line(0))
    assert "zone 2 (relation:900): it has the id 0 of zone 1 (relation:900)" in refused(document)


def test_the_same_id_in_two_files_is_renumbered(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", country())
    two = write(tmp_path / "two.jsonl", country())
    assert [zone["id"] for zone in merged(one, two, keep_duplicates=True)] == [0, 1]


def test_a_zone_of_a_document_is_named_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "zones.json", country(), line(1, square(2, 1)), line(2, INVALID["open ring"]))
    assert f"{path}, zone 3 (relation:902): a ring is not closed" in refused(path)


@pytest.mark.parametrize("name", ["blank_last_line", "bom_and_crlf", "parent_missing", "parent_cycle"])
def test_cases_that_are_accepted(name: str, tmp_path: Path) -> None:
    path = shutil.copy(RECORDS / f"{name}.jsonl", tmp_path)
    result = merge([path], tmp_path / "merged.jsonl")
    text = (RECORDS / f"{name}.jsonl").read_text(encoding="utf-8-sig")
    assert list(read_records(tmp_path / "merged.jsonl")) == [json.loads(one) for one in text.splitlines() if one]
    assert result.dropped_lines == {}


BLANK = ["", " ", "\t", "\r", "\ufeff", "\ufeff\r"]


def test_blank_lines_may_be_anywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "zones.jsonl", *BLANK, country(), *BLANK, line(1, square(2, 1)), *BLANK)
    assert [zone["id"] for zone in merged(path)] == [0, 1]
    bad = write(tmp_path / "bad.jsonl", *BLANK, country(), *BLANK, line(1, "7"))
    assert "line 14 (relation:901)" in refused(bad)


def test_a_file_of_blank_lines_is_empty(tmp_path: Path) -> None:
    path, other = write(tmp_path / "blank.jsonl", *BLANK), write(tmp_path / "zones.jsonl", country())
    assert [zone["id"] for zone in merged(path, other)] == [0]


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
def test_a_byte_order_mark_and_carriage_returns(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, country(), line(1, square(2, 1)))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [zone["id"] for zone in merged(path)] == [0, 1]
    twice = tmp_path / "twice.jsonl"  # as `cat` makes them
    twice.write_bytes(b"\xef\xbb\xbf" + country().encode() + b"\n\xef\xbb\xbf" + line(1).encode() + b"\n")
    assert [zone["id"] for zone in merged(twice)] == [0, 1]


def test_lines_without_a_zone_are_left_out_and_counted(tmp_path: Path) -> None:
    nothing = ["{broken", "[]", "7", '{"id": 1}', line(5, square(4, 1), zone_type="town"), line(6, zone_type=["city"])]
    nothing += [
        line(-1),
        line(1 << 63),
        line(7, name=None),
        line(8, country_code=7),
        line(9, parent="0"),
        '{"id": NaN}',
    ]
    nothing += [
        line(n, tags=tags) for n, tags in enumerate((["a"], "x", 7, {"ISO3166-1:alpha2": 7}, {"name": None}), 10)
    ]
    nothing += [line(20, center_tags=[]), line(21, zip_codes="1"), line(22, international_labels=["fr"])]
    path = write(tmp_path / "zones.jsonl", country(), *nothing)
    result = merge([path], tmp_path / "merged.jsonl")
    assert (result.zones, result.dropped_lines) == (1, {str(path): len(nothing)})


@pytest.mark.parametrize("text", ["{}", '{"zones": null}', '{"zones": {}}', "[]", '{"zones": [NaN]}'])
def test_a_document_without_a_list_of_zones_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "zones.json"
    path.write_text(text)
    assert str(path) in refused(path)


def test_a_record_without_geometry_parent_or_country_is_kept(tmp_path: Path) -> None:
    bare = {"id": 3, "osm_id": "node:3", "name": "n", "zone_type": "suburb"}
    path = write(tmp_path / "zones.jsonl", json.dumps(bare))
    assert merged(path) == [{**bare, "parent": None}]


def test_the_box_of_a_record_is_not_relied_on(tmp_path: Path) -> None:
    """It may be wrong, or have west > east; parents across files are found by the geometry."""
    one = write(tmp_path / "one.jsonl", line(1, square(2, 1), parent=None, bbox=[99, 9, "x", None]))
    two = write(tmp_path / "two.jsonl", country())
    zones = merged(one, two)
    assert zones[0]["parent"] == zones[1]["id"]


def test_a_missing_parent_does_not_become_a_zone_of_the_next_file(tmp_path: Path) -> None:
    lost = write(tmp_path / "lost.jsonl", line(1, square(50, 1), parent=3))
    other = write(tmp_path / "other.jsonl", country(), line(1, square(2, 1), osm_id="relation:7"))
    zones = merged(lost, other)
    assert zones[0]["parent"] == 3
    assert [zone["id"] for zone in zones] == [1, 4, 5]


@pytest.mark.parametrize("parents", [{2: 2}, {2: 3, 3: 2}, {2: 3, 3: 4, 4: 2}])
def test_merge_keeps_a_cycle_of_parents(parents: dict[int, int], tmp_path: Path) -> None:
    """One zone of the other file gets a zone of the cycle as its parent, and its label from there."""
    kinds = {2: "state_district", 3: "state", 4: "country_region"}
    lines = [line(n, square(0, 0, 9), parent=parents[n], zone_type=kinds[n]) for n in parents]
    one = write(tmp_path / "one.jsonl", *lines)
    two = write(tmp_path / "two.jsonl", line(0, square(2, 1), osm_id="relation:7", name="Lost", parent=None))
    zones = {zone["osm_id"]: zone for zone in merged(one, two)}
    assert {n: zones[f"relation:{900 + n}"]["parent"] for n in parents} == parents
    assert zones["relation:7"]["parent"] == 2
    assert zones["relation:7"]["label"] == ", ".join(["Lost", *[f"Town {n}" for n in parents]])


def test_ids_that_do_not_fit_after_the_others_are_refused(tmp_path: Path) -> None:
    large = write(tmp_path / "large.jsonl", line((1 << 63) - 2, parent=None))
    assert f"{large}: its ids do not fit in 64 bits" in refused(write(tmp_path / "one.jsonl", country()), large)
