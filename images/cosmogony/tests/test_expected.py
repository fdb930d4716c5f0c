# SPDX-License-Identifier: Apache-2.0
"""The zones of real extracts, line by line: as the original's with `as_original`, and the corrected ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from cosmogony.generate import generate
from extractor_support.zone_table import differences, table

CASES = [
    ("luxembourg_filtered.osm.pbf", "lu", True, "luxembourg_lu_no_voronoi.tsv", 215),
    ("gatineau.osm.pbf", "ca", True, "gatineau_ca.tsv", 1),
    ("liechtenstein-2013-08-03.osm.pbf", "li", False, "liechtenstein_li.tsv", 18),
]
CORRECTED = [
    ("luxembourg_filtered.osm.pbf", "lu", True, "luxembourg_lu_no_voronoi.tsv", 215),
    ("luxembourg_filtered.osm.pbf", None, False, "luxembourg.tsv", 212),
    ("gatineau.osm.pbf", "ca", True, "gatineau_ca.tsv", 1),
    ("liechtenstein-2013-08-03.osm.pbf", "li", False, "liechtenstein_li.tsv", 17),
]


@pytest.mark.parametrize(("source", "code", "plain", "expected", "records"), CASES)
def test_zones_as_original_equal_the_expected_table(
    data: Path, tmp_path: Path, source: str, code: str, plain: bool, expected: str, records: int
) -> None:
    output = tmp_path / "zones.jsonl"
    result = generate(data / source, output, country_code=code, disable_voronoi=plain, threads=1, as_original=True)
    wanted = (data / "expected" / expected).read_text(encoding="utf-8").splitlines()
    assert differences(table(output), wanted) == []
    assert result.zones == records
    assert result.with_geometry == len(wanted) - 1


@pytest.mark.parametrize(("source", "code", "plain", "expected", "records"), CORRECTED)
def test_corrected_zones_equal_the_expected_table_and_are_valid(
    data: Path, tmp_path: Path, source: str, code: str | None, plain: bool, expected: str, records: int
) -> None:
    output = tmp_path / "zones.jsonl"
    result = generate(data / source, output, country_code=code, disable_voronoi=plain, threads=1)
    wanted = (data / "expected" / "corrected" / expected).read_text(encoding="utf-8").splitlines()
    assert differences(table(output), wanted) == []
    assert result.zones == records
    shapes = [zone["geometry"] for zone in map(json.loads, output.read_bytes().splitlines()) if zone["geometry"]]
    made = shapely.from_geojson([json.dumps(shape) for shape in shapes])
    assert shapely.is_valid(made).all()
    assert (shapely.area(made) > 1e-10).all()


def test_tags_as_original_have_the_names_of_the_centre(luxembourg: Path, tmp_path: Path) -> None:
    output = tmp_path / "zones.jsonl"
    generate(luxembourg, output, country_code="lu", disable_voronoi=True, threads=1, as_original=True)
    path = luxembourg.parent / "expected" / "luxembourg_lu_no_voronoi_tags.tsv"
    wanted = dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    zones = [zone for zone in map(json.loads, output.read_bytes().splitlines()) if zone["geometry"]]
    assert {zone["osm_id"]: zone["tags"] for zone in zones} == {k: json.loads(v) for k, v in wanted.items()}


def test_labels_as_original_have_the_names_of_the_centre(luxembourg: Path, tmp_path: Path) -> None:
    output = tmp_path / "zones.jsonl"
    generate(luxembourg, output, country_code="lu", disable_voronoi=True, threads=1, as_original=True)
    zones = {zone["osm_id"]: zone for zone in map(json.loads, output.read_bytes().splitlines())}
    assert zones["relation:407489"]["international_labels"]["af"].startswith("Luxemburg, ")
    assert zones["relation:407419"]["international_labels"]["ru"].startswith("Эш-сюр-Альзетт")


def test_generated_zones_as_original_have_no_tags_of_the_centre(liechtenstein: Path, tmp_path: Path) -> None:
    output = tmp_path / "zones.jsonl"
    generate(liechtenstein, output, country_code="li", threads=1, as_original=True)
    generated = [zone for zone in map(json.loads, output.read_bytes().splitlines()) if zone["is_generated"]]
    assert [(zone["center_tags"], zone["country_code"]) for zone in generated if zone["geometry"]] == [({}, None)] * 2


def test_luxembourg_as_original_has_the_same_real_zones_and_slivers(luxembourg: Path, tmp_path: Path) -> None:
    # Its 17 suburb points and the capital lie in a city that 24 relations cover completely. What the original keeps
    # of their cells (15 of 18 with its GEOS) is rounding: how many are left depends on the version of GEOS.
    output = tmp_path / "zones.jsonl"
    result = generate(luxembourg, output, threads=1, as_original=True)
    rows = [line.split("\t") for line in table(output)[1:]]
    real = [row for row in rows if row[11] == "0"]
    generated = [row for row in rows if row[11] == "1"]
    assert len(real) == 195
    assert 0 < len(generated) <= 18
    assert result.generated == len(generated)
    assert {row[4] for row in generated} == {"relation:407489"}
    assert max(float(row[12]) for row in generated) < 1e-15


def test_statistics_have_the_keys_of_the_original(luxembourg: Path, tmp_path: Path) -> None:
    result = generate(luxembourg, tmp_path / "z.json", country_code="lu", disable_voronoi=True, threads=1)
    assert result.statistics == {
        "level_counts": {"0": 17, "2": 1, "6": 13, "8": 105, "9": 79},
        "zone_type_counts": {"City": 105, "CityDistrict": 24, "Country": 1, "StateDistrict": 13, "Suburb": 72},
        "wikidata_counts": result.statistics["wikidata_counts"],
        "zone_with_unkwown_country_rules": {},
        "unhandled_admin_level": {"LU": {"0": 17, "10": 3}},
        "zone_without_country": 0,
    }
    assert sum(result.statistics["wikidata_counts"].values()) == 133
