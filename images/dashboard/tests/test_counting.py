# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest
from cosmogony_dashboard.counting import compare_counts, count_by_status
from cosmogony_dashboard.table import Expectation, parse_expectations, read_expectations
from cosmogony_dashboard.zones import Zone
from hypothesis import given
from hypothesis import strategies as st

HEADER = "country,zone_type,min,max,known_gap,wikidata,country_name,local_term,class_wikidata"


def row(zone_type: str = "state", least: int = 1, most: int = 2, wikidata: str = "Q1") -> Expectation:
    return parse_expectations([HEADER, f"AA,{zone_type},{least},{most},no,{wikidata},Aland,province,"])[0]


def totals(zones: list[Zone], *rows: Expectation) -> list[tuple[float, str]]:
    return [(found.total, found.test_status) for found in compare_counts(zones, rows).rows]


COUNTRY = Zone(0, None, "country", "Q1")


def test_descendants_of_any_depth_are_counted_and_the_root_is_not() -> None:
    zones = [COUNTRY, Zone(1, 0, "state", None), Zone(2, 1, "city", None), Zone(3, 2, "state", None)]
    assert totals(zones, row(), row("city"), row("country", 0, 0)) == [(2, "ok"), (1, "ok"), (0, "ok")]


@pytest.mark.parametrize(("count", "status"), [(1, "ko"), (2, "ok"), (4, "ok"), (5, "ko")])
def test_both_limits_belong_to_the_accepted_range(count: int, status: str) -> None:
    zones = [COUNTRY, *(Zone(number, 0, "state", None) for number in range(1, count + 1))]
    assert totals(zones, row(least=2, most=4)) == [(count, status)]


def test_an_absent_root_is_skipped() -> None:
    assert totals([Zone(0, None, "country", None)], row()) == [(-1, "skip")]
    assert totals([], row()) == [(-1, "skip")]


@pytest.mark.parametrize(
    "zones",
    [
        [Zone(0, 0, "country", "Q1"), Zone(1, 0, "state", None)],
        [Zone(0, 2, "country", "Q1"), Zone(1, 0, "state", None), Zone(2, 1, "city", None)],
    ],
    ids=["own parent", "cycle through the root"],
)
def test_counts_descendants_in_a_cycle_once(zones: list[Zone]) -> None:
    assert totals(zones, row()) == [(1, "ok")]


def test_of_repeated_ids_and_wikidata_ids_the_last_record_counts() -> None:
    zones = [
        COUNTRY,
        Zone(1, 0, "state", None),
        Zone(5, None, "country", "Q1"),
        Zone(1, 5, "city", None),
        Zone(6, 5, "state", None),
    ]
    assert totals(zones, row(), row("city")) == [(1, "ok"), (1, "ok")]


def test_missing_parent_is_not_a_root() -> None:
    assert totals([COUNTRY, Zone(1, 99, "state", None)], row(least=0)) == [(0, "ok")]


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_counts_equal_a_walk_from_every_zone_upwards(seed: int, size: int) -> None:
    chance = random.Random(seed)
    types = ["state", "city"]
    zones = [COUNTRY] + [
        Zone(number, chance.choice([None, *range(size)]), chance.choice(types), None) for number in range(1, size)
    ]
    parents = {zone.id: zone.parent for zone in zones}

    def below_root(zone: Zone) -> bool:
        at, steps = zone.parent, 0
        while at is not None and steps <= size:
            if at == 0:
                return zone.id != 0
            at, steps = parents.get(at), steps + 1
        return False

    for zone_type in types:
        expected = sum(zone.zone_type == zone_type and below_root(zone) for zone in zones)
        assert totals(zones, row(zone_type, 0, size)) == [(expected, "ok")]


def test_result_has_the_keys_of_the_original() -> None:
    record = compare_counts([COUNTRY], [row(least=17, most=19)]).to_json()[0]
    assert list(record) == sorted(record)
    assert record == {
        "country_code": "AA",
        "expected_max": 19.0,
        "expected_min": 17.0,
        "is_known_failure": None,
        "name": "Aland",
        "test_status": "ko",
        "total": 0.0,
        "wikidata_id": "Q1",
        "wikidata_ontology": None,
        "zone_type": "state",
        "zone_type_local_name": "province",
    }


def test_table_is_complete_and_keeps_code_of_namibia() -> None:
    table = read_expectations()
    assert len(table) == 262
    assert len({row.wikidata for row in table}) == 205
    assert sum((row.min, row.max) == (1, 4242) for row in table) == 157
    statistics = compare_counts([], table)
    records = statistics.to_json()
    assert [record["country_code"] for record in records if record["name"] == "Namibia"] == ["NA"]
    assert {record["name"] for record in records if record["country_code"] is None} >= {"Guernsey", "Wales"}
    assert count_by_status(statistics) == {"ok": 0, "ko": 0, "skip": 262}
    assert {record["is_known_failure"] for record in records} == {"yes", None}
