# SPDX-License-Identifier: Apache-2.0
"""Which zones hold a point, and search by name."""

from __future__ import annotations

import csv
import io

import pytest

from .support import data

POINTS = [{"lat": 3.5, "lon": 3.5}, {"lat": 80, "lon": 3}, {"lat": 6.5, "lon": 6.5}]
IDS = [[52, 41, 7], [], [42, 7]]


def test_zones_of_a_point_are_smallest_first(client):
    answer = client.get("/v1/reverse?lat=3.5&lon=3.5").json
    assert (answer["release"], [zone["id"] for zone in answer["zones"]], answer["next"]) == (
        data.NEW,
        [52, 41, 7],
        None,
    )
    assert {zone["distance"] for zone in answer["zones"]} == {0}
    assert client.get("/v1/reverse?lat=80&lon=3.5").json["zones"] == []
    of_types = client.get("/v1/reverse?lat=3.5&lon=3.5&type=country,city&lang=fr").json["zones"]
    assert [zone["name"] for zone in of_types] == ["Brumelle", "Ælandia"]


@pytest.mark.parametrize("tiny", ["5e-324", "-5e-324", "2.2250738585072014e-308", "1e-160", "1e-13"])
def test_numbers_next_to_zero_are_zero(client, tiny):
    """PostgreSQL refuses to compute with them: value out of range, underflow."""
    zones = client.get("/v1/reverse?lat=0&lon=0&nearest=100").json["zones"]
    for query in (f"lat={tiny}&lon=0&nearest=100", f"lat=0&lon={tiny}&nearest=100"):
        answer = client.get(f"/v1/reverse?{query}")
        assert (answer.status_code, answer.json["zones"]) == (200, zones)
    assert client.get(f"/v1/reverse?lat=80&lon=3&nearest={tiny.removeprefix('-')}").status_code == 200
    assert client.get(f"/v1/search?q=zell&near={tiny},{tiny}").status_code == 200


def test_batch_of_json_is_in_the_order_of_its_points(client):
    answer = client.post("/v1/reverse", json={"points": POINTS * 500})
    assert answer.status_code == 200
    assert answer.headers["X-Cosmogony-Release"] == answer.json["release"] == data.NEW
    assert [[zone["id"] for zone in point["zones"]] for point in answer.json["points"]] == IDS * 500
    single = client.get("/v1/reverse?lat=3.5&lon=3.5").json["zones"]
    assert answer.json["points"][0]["zones"] == single
    assert client.post("/v1/reverse", json={"points": []}).json["points"] == []


def test_batch_of_csv_has_a_line_per_point_and_zone(client):
    body = "\ufeffname,lon,lat\r\n" + "".join(f'"a, b",{one["lon"]},{one["lat"]}\r\n' for one in POINTS)
    answer = client.post(
        "/v1/reverse?lang=fr&type=city,country", data=body.encode(), content_type="text/csv; charset=utf-8"
    )
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [(row["point"], row["name"]) for row in rows] == [
        ("1", "Brumelle"), ("1", "Ælandia"), ("2", ""), ("3", "Zell"), ("3", "Ælandia"),
    ]  # fmt: skip
    assert (rows[0]["lat"], rows[0]["lon"], rows[0]["osm_id"], rows[0]["west"]) == (
        "3.5",
        "3.5",
        "relation:900041",
        "2.0",
    )


def test_batch_of_a_kept_release(client):
    answer = client.post(f"/v1/reverse?release={data.OLD}", json={"points": POINTS[2:]}).json
    assert (answer["release"], answer["points"][0]["zones"][-1]["name"]) == (data.OLD, "Oldland")


def test_search_finds_names_of_types_and_countries(client):
    answer = client.get("/v1/search?q=Brumel").json
    assert (answer["release"], answer["zones"][0]["osm_id"], answer["next"]) == (data.NEW, "relation:900041", None)
    assert answer["zones"][0]["match"] in ("name", "prefix")
    assert client.get("/v1/search?q=bru&type=city&country=aa&near=3,3").json["zones"][0]["id"] == 41
    assert client.get("/v1/search?q=bru&type=country").json["zones"] == []
    assert client.get("/v1/search?q=bru&country=ZZ").json["zones"] == []
    assert len(client.get("/v1/search?q=r&limit=1").json["zones"]) <= 1
    for odd in ("%25", "_", "\\", "'", '"', "*:&|!()", "😀", "a" * 200, "%20", "%0A"):
        assert client.get("/v1/search", query_string={"q": odd}).status_code == 200, odd
