# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from cosmogony.errors import CosmogonyError
from cosmogony.rules import load_rules, parse_rules
from cosmogony.zones.zone_type import ZoneType

HEADER = "country\tkind\tcontainer\tkey\ttype"


def table(*lines: str):
    return parse_rules([HEADER, *lines], origin="test")


def test_the_packaged_table_has_all_its_facts() -> None:
    rules = load_rules()
    assert len(rules.countries) == 242
    assert sum(len(c.levels) for c in rules.countries.values()) == 908
    assert sum(len(c.ids) for c in rules.countries.values()) == 369
    assert sum(len(c.containers) for c in rules.countries.values()) == 45
    assert len(rules.digest) == 64
    assert "NA" in rules
    assert "XK" not in rules


def test_rule_for_an_id_can_exclude_the_object() -> None:
    rules = table("FR\tlevel\t-\t8\tcity", "FR\tid\t-\trelation:5\t-").countries["FR"]
    assert rules.decide_zone_type("relation:5", 8, ())[0] is None
    assert rules.decide_zone_type("relation:6", 8, ())[0] == ZoneType.CITY


def test_only_the_container_with_the_smallest_id_is_tried() -> None:
    rules = table(
        "FR\tlevel\t-\t9\tsuburb",
        "FR\twithin\trelation:9\t9\tcity",
        "FR\twithin\trelation:10\t9\tstate",
        "FR\twithin\trelation:8\t-\t-",
    ).countries["FR"]
    assert rules.decide_zone_type("relation:1", 9, ("relation:10", "relation:9"))[0] == ZoneType.CITY
    assert rules.decide_zone_type("relation:1", 9, ("relation:10", "relation:8"))[0] == ZoneType.SUBURB
    assert rules.decide_zone_type("relation:1", 9, ("relation:77",))[0] == ZoneType.SUBURB
    assert rules.decide_zone_type("relation:1", None, ("relation:9",))[0] is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fr\tlevel\t-\t8\tcity", "upper case"),
        ("FR\tlevel\t-\teight\tcity", "digits"),
        ("FR\tlevel\t-\t8\ttown", "type 'town' is unknown"),
        ("FR\tlevel\t-\t8", "4 columns"),
        ("FR\tplace\t-\t8\tcity", "kind 'place' is unknown"),
        ("FR\tid\t-\t12\tcity", "not an OSM object"),
        ("FR\twithin\tway:3\t8\tcity", "not a relation"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(CosmogonyError, match="line 2") as caught:
        table(line)
    assert message in str(caught.value)


def test_a_fact_twice_is_an_error() -> None:
    with pytest.raises(CosmogonyError, match=r"line 3: level 8 is given twice"):
        table("FR\tlevel\t-\t8\tcity", "FR\tlevel\t-\t8\tstate")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CosmogonyError, match=r"nowhere\.tsv: cannot be read"):
        load_rules(tmp_path / "nowhere.tsv")
