# SPDX-License-Identifier: Apache-2.0
"""The role's own files agree with each other, with the boundary rules and with the expected counts."""

from __future__ import annotations

import csv

import pytest
import yaml
from atlas_osm.countries import _read_rows, read_state_codes
from checkout import CHECKOUT
from cosmogony.rules import load_rules
from cosmogony.zones.zone_type import ZoneType

ROLE = CHECKOUT / "local/roles/samples"
EXPECTED = CHECKOUT / "images" / "dashboard" / "src" / "cosmogony_dashboard" / "volumetry.csv"
WITHOUT_RULES = {"AQ", "EH", "GF", "GP", "MQ", "RE", "XK", "YT"}


def countries() -> list[dict[str, str]]:
    return _read_rows("countries.tsv")


@pytest.mark.parametrize("sample", ["liechtenstein", "world"])
def test_the_local_inventory_names_what_the_role_serves(sample):
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    inventory = CHECKOUT / "inventories" / "local" / "group_vars" / "all"
    sources = yaml.safe_load((inventory / "sources.yml").read_text())["local_sample_sources"][sample]
    address = yaml.safe_load((inventory / "samples.yml").read_text())["samples_cluster_ip"]
    files = defaults["samples_files"] + (defaults["samples_atlas_files"] if sample == "world" else [])
    assert [source["url"] for source in sources] == [f"http://{address}/{file['name']}" for file in files]


def test_every_country_is_one_for_the_boundary_rules_at_its_level():
    rules = load_rules()
    for row in countries():
        known = rules.find_country_rules(row["alpha2"])
        if row["alpha2"] in WITHOUT_RULES:
            assert known is None
        else:
            assert known.decide_zone_type("relation:1", int(row["admin_level"]), ())[0] == ZoneType.COUNTRY, row


def test_countries_have_the_wikidata_ids_of_the_expected_counts():
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = {row["country"]: row["wikidata"] for row in csv.DictReader(file) if row["country"]}
    found = {row["alpha2"]: row["wikidata"] for row in countries()}
    assert {code: found.get(code) for code in expected} == expected
    assert {code for code, wikidata in found.items() if wikidata} == set(expected)


def test_codes_are_unique():
    rows = countries()
    for column in ("numeric", "alpha2", "wikidata"):
        values = [row[column] for row in rows if row[column]]
        assert len(values) == len(set(values)), column
    codes = read_state_codes()
    assert len(codes) == len(set(codes.values())) == 56
    assert all(len(fips) == 2 and code.startswith("US-") and len(code) == 5 for fips, code in codes.items())
