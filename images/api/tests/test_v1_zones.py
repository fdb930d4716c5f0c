# SPDX-License-Identifier: Apache-2.0
"""Zones under /v1: one, and those above and below it."""

from __future__ import annotations

import pytest
from cosmogony_api import zone_details
from cosmogony_importer.load import bands

from .support import data

FIELDS = [
    "id", "osm_id", "name", "label", "zone_type", "admin_level", "country_code", "parent", "wikidata", "bbox", "center",
]  # fmt: skip
BRUMEL = "/v1/zones/osm/relation:900041"


def walk(client, path: str) -> list[dict]:
    """All zones of a list, page by page."""
    found, answer = [], client.get(path)
    while True:
        assert answer.status_code == 200, answer.json
        assert list(answer.json) == ["release", "zones", "next"]
        found += answer.json["zones"]
        if answer.json["next"] is None:
            return found
        joint = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joint}cursor={answer.json['next']}")


@pytest.mark.parametrize("path", ["/v1/zones/41", "/v1/zones/0041", BRUMEL, "/v1/zones/wikidata/Q900041"])
def test_zone_is_found_by_each_of_its_ids(client, path):
    answer = client.get(path)
    assert answer.headers["X-Cosmogony-Release"] == data.NEW
    assert list(answer.json) == FIELDS
    assert answer.json["bbox"] == [2, 2, 5, 5]
    assert (answer.json["id"], answer.json["osm_id"], answer.json["parent"]) == (41, "relation:900041", 7)


def test_bands_are_those_that_the_importer_makes():
    assert sorted(bands.BANDS) == list(zone_details.BANDS)


def test_text_is_utf8(client):
    assert '"name":"Ælandia"'.encode() in client.get("/v1/zones/7").data


def test_names_population_postcodes_and_geometry_on_request(client):
    zone = client.get(f"{BRUMEL}?include=names,population,zip_codes,geometry").json
    assert list(zone) == [*FIELDS, "names", "population", "zip_codes", "geometry"]
    assert (zone["names"], zone["population"], zone["zip_codes"]) == ({"fr": "Brumelle"}, 5, ["1234"])
    assert zone["geometry"] == data.square(2, 2, 5, 5)


def test_geometry_is_simplified_to_a_zoom(client):
    for zoom in (0, 5, 12, 13, 20):
        zone = client.get(f"{BRUMEL}?include=geometry&zoom={zoom}").json
        assert zone["geometry"]["type"] in ("Polygon", "MultiPolygon"), zoom


def test_zone_that_is_missing_at_a_low_zoom_has_a_geometry(client):
    zone = client.get("/v1/zones/61?include=geometry&zoom=0").json
    assert zone["geometry"]["type"] in ("Point", "MultiPolygon")


@pytest.mark.parametrize(
    ("lang", "name"),
    [
        ("fr", "Brumelle"),
        ("de,fr", "Brumelle"),
        ("fr-CA", "Brumelle"),
        ("FR", "Brumelle"),
        ("de", "Brumel"),
        ("", "Brumel"),
    ],
)
def test_name_and_label_are_in_the_first_language_that_the_data_has(client, lang, name):
    zone = client.get(f"{BRUMEL}?lang={lang}").json
    assert zone["name"] == name
    assert zone["label"].split(",")[0] == name


def test_children_are_pages_sorted_by_name(client):
    zones = walk(client, "/v1/zones/7/children?limit=2")
    assert [zone["name"] for zone in zones] == ["Amt", "Brumel", "Zell"]
    assert walk(client, "/v1/zones/osm/relation:900007/children") == zones
    assert client.get("/v1/zones/wikidata/Q900007/children").json["zones"] == zones


def test_descendants_are_of_any_depth_and_of_the_types_that_are_asked_for(client):
    names = [zone["name"] for zone in walk(client, "/v1/zones/7/descendants?limit=2")]
    assert names == ["Amt", "Brumel", "Double", "Old Port", "Zell"]
    names = [zone["name"] for zone in walk(client, "/v1/zones/7/descendants?type=suburb&limit=1")]
    assert names == ["Double", "Old Port"]
    names = [zone["name"] for zone in walk(client, "/v1/zones/7/descendants?type=suburb,city")]
    assert names == ["Amt", "Brumel", "Double", "Old Port", "Zell"]


@pytest.mark.parametrize(("zone", "above"), [(52, [41, 7]), (7, []), (70, [71]), (72, []), (61, [])])
def test_ancestors_are_nearest_first_and_end_at_circles_and_gaps(client, zone, above):
    assert [found["id"] for found in walk(client, f"/v1/zones/{zone}/ancestors")] == above


@pytest.mark.parametrize(("zone", "below"), [(70, [71]), (71, [70]), (72, [])])
def test_circles_of_parents_end(client, zone, below):
    assert [found["id"] for found in walk(client, f"/v1/zones/{zone}/descendants")] == below


@pytest.mark.parametrize("rest", ["", "/children", "/ancestors"])
def test_id_of_a_release_is_redirected_to_the_osm_address(client, rest):
    answer = client.get(f"/v1/zones/41{rest}?lang=fr&release={data.OLD}")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/v1/zones/osm/relation:900041{rest}?lang=fr"
    assert client.get(answer.headers["Location"]).status_code == 200


def test_release_names_the_one_to_read(client):
    old = client.get(f"/v1/zones/osm/relation:900007?release={data.OLD}")
    assert (old.json["name"], old.headers["X-Cosmogony-Release"]) == ("Oldland", data.OLD)
    assert old.headers["Cache-Control"] == "public, max-age=3600"
    new = client.get("/v1/zones/osm/relation:900007")
    assert (new.json["name"], new.headers["Cache-Control"]) == ("Ælandia", "public, max-age=0, must-revalidate")
    again = client.get("/v1/zones/osm/relation:900007", headers={"If-None-Match": new.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_pages_go_on_in_their_release_after_a_switch(client, postgres, published):
    from cosmogony_importer.releases import catalog, switch

    first = client.get("/v1/zones/7/children?limit=1").json
    with postgres.connect(published) as connection:
        switch.switch_live_release(connection, catalog.get_release(connection, data.OLD), "rollback")
        try:
            second = client.get(f"/v1/zones/7/children?limit=1&cursor={first['next']}").json
            other = client.get("/v1/zones/7/children?limit=1").json
        finally:
            switch.switch_live_release(connection, catalog.get_release(connection, data.NEW), "publish")
    assert (first["release"], second["release"], other["release"]) == (data.NEW, data.NEW, data.OLD)
    assert second["zones"][0]["name"] == "Brumel"


def test_lists_the_countries_of_a_kept_release(client):
    answer = client.get(f"/v1/releases/{data.OLD}/countries")
    assert answer.headers["X-Cosmogony-Release"] == data.OLD
    assert answer.json["next"] is None
    assert [(zone["id"], zone["name"], zone["bbox"]) for zone in answer.json["zones"]] == [
        (7, "Oldland", pytest.approx([0, 0, 10, 10]))
    ]


def test_coverage_counts_what_is_in_the_country(client, postgres, published):
    from cosmogony_importer.releases import catalog, switch

    release = "20260303t000000-00000003"
    abroad = data.zone(80, "Abroad", "city", None, data.square(10, 0, 11, 1))
    data.publish(postgres, published, release, [*data.zones(), abroad])
    try:
        answer = client.get(f"/v1/releases/{release}/coverage").json
        assert client.get("/v1/zones/osm/relation:900080").json["country_code"] == "AA"
    finally:
        with postgres.connect(published) as connection:
            switch.switch_live_release(connection, catalog.get_release(connection, data.NEW), "publish")
    found = {row["zone_type"]: row for row in answer["coverage"]}
    assert {row["country_code"] for row in answer["coverage"]} == {"AA"}
    assert (found["country"]["zones"], found["country"]["share"]) == (1, 1)
    assert (found["city"]["zones"], found["city"]["share"]) == (3, pytest.approx(0.11, 1e-2))
