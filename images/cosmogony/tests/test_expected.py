# SPDX-License-Identifier: Apache-2.0
"""The zones of real extracts equal those of the original, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cosmogony.generate import generate
from zone_table import differences, table

CASES = [
    ("luxembourg_filtered.osm.pbf", "lu", True, "luxembourg_lu_no_voronoi.tsv", 215),
    ("gatineau.osm.pbf", "ca", True, "gatineau_ca.tsv", 1),
    ("liechtenstein-2013-08-03.osm.pbf", "li", False, "liechtenstein_li.tsv", 18),
]


@pytest.mark.parametrize(("source", "code", "plain", "expected", "records"), CASES)
def test_zones_equal_the_expected_table(
    data: Path, tmp_path: Path, source: str, code: str, plain: bool, expected: str, records: int
) -> None:
    output = tmp_path / "zones.jsonl"
    result = generate(data / source, output, country_code=code, disable_voronoi=plain, threads=1)
    wanted = (data / "expected" / expected).read_text(encoding="utf-8").splitlines()
    assert differences(table(output), wanted) == []
    assert result.zones == records
    assert result.with_geometry == len(wanted) - 1


def test_luxembourg_with_defaults_has_the_same_real_zones_and_slivers(luxembourg: Path, tmp_path: Path) -> None:
    # Its 17 suburb points and the capital lie in a city that 24 relations cover completely. What the original keeps
    # of their cells (15 of 18 with its GEOS) is rounding: how many are left depends on the version of GEOS.
    output = tmp_path / "zones.jsonl"
    result = generate(luxembourg, output, threads=1)
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
