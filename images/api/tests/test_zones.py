# SPDX-License-Identifier: Apache-2.0
"""The zone routes as their clients know them."""

from __future__ import annotations

import pytest

from .support import data

KEYS = ["id", "name", "parent", "zone_type", "osm_id", "osm_link", "wikidata", "admin_level", "nb_children"]


def test_zone_has_its_fields_and_children(client):
    answer = client.get("/zones/41")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    zone = answer.json["zone"]
    assert zone == {
        "id": 41,
        "name": "Brumel",
        "parent": 7,
        "zone_type": "city",
        "osm_id": "relation:900041",
        "osm_link": "https://www.openstreetmap.org/relation/900041",
        "wikidata": "Q900041",
        "admin_level": 8,
        "nb_children": 2,
        "bbox": {"type": "Polygon", "coordinates": [[[2, 2], [2, 5], [5, 5], [5, 2], [2, 2]]]},
    }
    assert list(zone) == [*KEYS, "bbox"]
    assert [list(child) for child in answer.json["children"]] == [KEYS, KEYS]
    assert [child["name"] for child in answer.json["children"]] == ["Double", "Old Port"]


def test_children_are_sorted_by_name(client):
    names = [child["name"] for child in client.get("/zones/7").json["children"]]
    assert names == ["Amt", "Brumel", "Zell"]


def test_parents_are_listed_nearest_first(client):
    answer = client.get("/zones/52/parents").json
    assert answer["zone"]["osm_link"] == "https://www.openstreetmap.org/node/900052"
    assert [parent["id"] for parent in answer["parents"]] == [41, 7]
    assert all(list(parent) == KEYS for parent in answer["parents"])


@pytest.mark.parametrize(
    ("zone", "parents"),
    [
        pytest.param(7, [], id="root"),
        pytest.param(70, [71], id="cycle"),
        pytest.param(72, [], id="parent of itself"),
        pytest.param(61, [], id="parent not in the table"),
    ],
)
def test_parents_end_at_cycles_and_gaps(client, zone, parents):
    answer = client.get(f"/zones/{zone}/parents").json
    assert [parent["id"] for parent in answer["parents"]] == parents


def test_missing_parent_keeps_its_value(client):
    assert client.get("/zones/61").json["zone"]["parent"] == 999


def test_point_has_a_point_as_bbox_and_plain_ids_are_relations(client):
    assert client.get("/zones/61").json["zone"]["bbox"] == {"type": "Point", "coordinates": [1.123456789, 1]}
    assert client.get("/zones/60").json["zone"]["osm_link"] == "https://www.openstreetmap.org/relation/900060"


def test_text_is_escaped(client):
    answer = client.get("/zones/7")
    assert answer.json["zone"]["name"] == "Ælandia"
    assert b"\\u00c6landia" in answer.data


@pytest.mark.parametrize("path", ["/zones/41", "/zones/41/parents"])
def test_head_has_the_headers_of_get(client, path):
    head, get = client.head(path), client.get(path)
    assert head.status_code == 200
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/zones/4040404", "/zones/abc", "/zones/-1", "/zones/1.5", "/zones/+1", "/zones/%2B1", "/zones/", "/zones",
        "/zones/41/", "/zones/41/parents/", "/zones/41/children", "//zones/41", "/", "/index.html", "/zones/٤١",
        "/zones/9223372036854775808", "/zones/" + "9" * 400, "/zones/41%00", "/zones/osm/relation:1",
        "/zones/osm/relation:900041%00", "/zones/osm/", "/static/x",
    ],
)  # fmt: skip
def test_unknown_path_is_not_found(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json) == (404, {"message": "Not found"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/zones/41", "/zones/41/parents", "/zones/osm/relation:48", "/release"])
def test_rejects_other_methods(client, method, path):
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json) == (405, {"message": "Method not allowed"})


@pytest.mark.parametrize(
    "path", ["/zones/0041", "/zones/000000000000000000000000000041", "/zones/41?a=b", "/zones/41?v=7"]
)
def test_id_may_have_leading_zeros_and_any_query(client, path):
    assert client.get(path).json["zone"]["id"] == 41


def test_answers_json_whatever_is_accepted(client):
    answer = client.get("/zones/41", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json["zone"]["id"]) == (200, 41)


def test_sets_no_cors_headers(client):
    answer = client.get("/zones/41", headers={"Origin": "http://elsewhere.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    ("osm_id", "zone"),
    [("relation:900041", 41), ("node:900052", 52), ("900060", 60), ("relation:900060", 60), ("900041", 41)],
)
def test_zone_is_found_by_osm_id(client, osm_id, zone):
    assert client.get(f"/zones/osm/{osm_id}").json == client.get(f"/zones/{zone}").json
    assert client.get(f"/zones/osm/{osm_id}/parents").json == client.get(f"/zones/{zone}/parents").json


def test_osm_id_of_several_zones_finds_the_one_with_a_geometry(postgres, published, client):
    with postgres.connect(published) as connection:
        schema = connection.execute("select schema_name from public.cosmogony_release").fetchone()[0]
        connection.execute(
            f"insert into {schema}.zones (id, name, osm_id, geometry) values (5, 'Bare', 'node:5', null)"
        )
        bare = client.get("/zones/osm/node:5").json["zone"]
        connection.execute(
            f"insert into {schema}.zones (id, name, osm_id, geometry) "
            "values (6, 'Full', 'node:5', ST_SetSRID(ST_MakePoint(0, 0), 3857)), "
            "(8, 'Empty', 'node:8', 'SRID=3857;POLYGON EMPTY')"
        )
        full = client.get("/zones/osm/node:5").json["zone"]
        hollow = client.get("/zones/8").json["zone"]
        connection.execute(f"delete from {schema}.zones where id in (5, 6, 8)")
    assert (bare["name"], bare["bbox"]) == ("Bare", None)
    assert full["name"] == "Full"
    assert hollow["bbox"] is None


def test_v_reads_from_a_kept_release(client):
    live = client.get("/zones/7")
    kept = client.get(f"/zones/7?v={data.OLD}")
    assert (live.json["zone"]["name"], live.headers["X-Cosmogony-Release"]) == ("Ælandia", data.NEW)
    assert (kept.json["zone"]["name"], kept.headers["X-Cosmogony-Release"]) == ("Oldland", data.OLD)
    assert live.headers["ETag"] != kept.headers["ETag"]


def test_v_of_an_unknown_release_is_not_found(client):
    answer = client.get("/zones/7?v=20200101t000000-ffffffff")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
