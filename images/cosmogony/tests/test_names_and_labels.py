# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from cosmogony.osm.reader import Node
from cosmogony.zones.labels import LabelMaker, format_zip_codes
from cosmogony.zones.names import (
    add_centre_names,
    add_label_node_tags,
    collect_names,
    list_single_zip_codes,
    parse_zip_codes,
)
from cosmogony.zones.zone import Zone
from cosmogony.zones.zone_type import ZoneType


def chain(*names: str) -> list[Zone]:
    """Zones from the largest to the smallest."""
    return [Zone(k, f"relation:{k}", name, {}, parent=k - 1 if k else None) for k, name in enumerate(names)]


def test_names_that_equal_the_name_are_left_out() -> None:
    assert collect_names({"name:fr": "Bruxelles", "name:nl": "Brussel", "int_name": "x"}, "Brussel") == {
        "fr": "Bruxelles"
    }


@pytest.mark.parametrize(
    ("codes", "plain"),
    [
        (["1010", "20097 - 20099", "21149"], ["1010", "20097", "20099", "21149"]),
        (["1000-1299"], ["1000", "1299"]),
        (
            ["980-0811", "12345-6789", "00-950", "D-01067", "SW1A 1AA"],
            ["00-950", "12345-6789", "980-0811", "D-01067", "SW1A 1AA"],
        ),
        (["46055:46140", "60183/60184", "1..9"], []),
    ],
)
def test_single_zip_codes(codes: list[str], plain: list[str]) -> None:
    assert list_single_zip_codes(codes) == plain


def test_zip_codes_are_split_and_sorted() -> None:
    assert parse_zip_codes({"postal_code": "01067; 01069 ;01067,01067"}) == ["01067", "01069"]
    assert parse_zip_codes({"postal_code": "9490; 9485;"}) == ["9485", "9490"]
    assert parse_zip_codes({"addr:postcode": "1", "postal_code": "2"}) == ["1"]
    assert parse_zip_codes({}) == []


def test_a_label_node_fills_gaps_only() -> None:
    tags = add_label_node_tags({"name:fr": "a"}, {"name:fr": "b", "name:de": "c", "population": "9", "place": "city"})
    assert tags == {"name:fr": "a", "name:de": "c", "population": "9"}


def test_a_label_goes_up_without_repeats() -> None:
    zones = chain("Austria", "Wien", "Wien", "Wieden")
    zones[3].zip_codes = ["1040", "1041", "1050"]
    assert LabelMaker(zones).make_local_label(zones[3]) == "Wieden (1040-1050), Wien, Austria"
    assert LabelMaker(zones).make_local_label(zones[2]) == "Wien, Austria"


def test_every_language_of_the_chain_has_a_label() -> None:
    zones = chain("Österreich", "Wien", "Wieden")
    zones[0].names = {"en": "Austria", "cs": "Rakousko"}
    zones[1].names = {"en": "Vienna"}
    zones[2].names = {"fi": "Österreich"}
    labels = LabelMaker(zones).make_international_labels(zones[2])
    assert labels == {
        "cs": "Wieden, Wien, Rakousko",
        "en": "Wieden, Vienna, Austria",
        "fi": "Österreich, Wien, Österreich",
    }
    assert list(labels) == sorted(labels)


def test_a_name_that_equals_the_one_above_in_one_language() -> None:
    zones = chain("Land", "Stadt")
    zones[0].names = {"en": "Stadt", "fr": "Pays"}
    assert LabelMaker(zones).make_international_labels(zones[1]) == {"en": "Stadt", "fr": "Stadt, Pays"}


def test_languages_can_be_restricted() -> None:
    zones = chain("A", "B")
    zones[0].names = {"en": "a", "fr": "á"}
    zones[1].names = {"fr": "b", "de": "ß"}
    assert LabelMaker(zones, ["fr"]).make_international_labels(zones[1]) == {"fr": "b, á"}


def test_zip_suffix() -> None:
    assert [format_zip_codes(codes) for codes in ([], ["1"], ["1", "2", "3"])] == ["", " (1)", " (1-3)"]


def centre_case(zone_wikidata: str | None, centre_wikidata: str | None, kind: ZoneType) -> dict[str, str]:
    tags = {"name:de": "Stadt"}
    zone = Zone(0, "relation:1", "Stadt", tags, type=kind, wikidata=zone_wikidata)
    centre = {"name:de": "Dorf", "name:fr": "Ville", **({"wikidata": centre_wikidata} if centre_wikidata else {})}
    zone.centre = Node(1, 0, 0, centre)
    add_centre_names(zone)
    return zone.names


def test_names_of_the_centre_count_when_it_is_the_same_thing() -> None:
    assert centre_case("Q1", "Q1", ZoneType.STATE) == {"fr": "Ville"}
    assert centre_case("Q1", "Q2", ZoneType.CITY) == {}
    assert centre_case("Q1", None, ZoneType.CITY) == {"fr": "Ville"}
    assert centre_case("Q1", None, ZoneType.STATE) == {}
