# SPDX-License-Identifier: Apache-2.0
"""Errors under /v1 are problem documents that say what is wrong."""

from __future__ import annotations

import pytest

from .support import data

GONE, NEVER = "20250101t000000-00000009", "20240101t000000-00000009"


def check_problem(answer, status: int, *parts: str) -> None:
    """An answer is a problem document of this status, whose detail has these parts."""
    assert answer.status_code == status, (answer.status_code, answer.data[:300])
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.json
    assert list(problem) == ["type", "title", "status", "detail"]
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    for part in parts:
        assert part in problem["detail"]


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("/v1/reverse?lat=abc&lon=0", "lat is 'abc'"),
        ("/v1/reverse?lat=91&lon=0", "<= 90"),
        ("/v1/reverse?lat=0&lon=-180.01", ">= -180"),
        ("/v1/reverse?lat=NaN&lon=0", "lat is 'NaN'"),
        ("/v1/reverse?lat=inf&lon=0", "lat is 'inf'"),
        ("/v1/reverse?lat=1e999&lon=0", "lat"),
        ("/v1/reverse?lat=&lon=0", "lat is missing"),
        ("/v1/reverse?lon=0", "lat is missing"),
        ("/v1/reverse?lat=0&lat=1&lon=0", "'lat' is given more than once"),
        ("/v1/reverse?lat=0&lon=0&nearest=100001", "nearest"),
        ("/v1/reverse?lat=0&lon=0&type=village", "type is 'village'"),
        ("/v1/reverse?lat=0&lon=0&typo=city", "'typo'"),
        ("/v1/search?q=a%00b", "NUL"),
        ("/v1/search?q=%ff", "UTF-8"),
        ("/v1/search?q=%ed%a0%80", "UTF-8"),
        ("/v1/search?q=" + "x" * 201, "length <= 200"),
        ("/v1/search", "q is missing"),
        ("/v1/search?q=a&limit=51", "limit"),
        ("/v1/search?q=a&country=LIE", "country"),
        ("/v1/search?q=a&near=1", "near"),
        ("/v1/search?q=a&near=1,2,3", "near"),
        ("/v1/search?q=a&near=91,0", "near"),
        ("/v1/search?q=a&near=nan,0", "near"),
        ("/v1/zones/41%00", "NUL"),
        ("/v1/zones/osm/relation:900041%00", "NUL"),
        ("/v1/zones/41?lang=f%20r", "lang"),
        ("/v1/zones/41?include=all", "include"),
        ("/v1/zones/41?zoom=21", "zoom"),
        ("/v1/zones/7/children?limit=0", "limit"),
        ("/v1/zones/7/children?limit=1001", "limit"),
        ("/v1/zones/7/children?cursor=abc", "cursor"),
        ("/v1/zones/7/children?cursor=WyIyMDI2MDIwMnQwMDAwMDAtMDAwMDAwMDIiLDEsMl0", "cursor"),
        ("/v1/zones/7/children?" + "&".join(f"a{n}=1" for n in range(40)), "parameters"),
        ("/v1/export", "country, type or subtree"),
        ("/v1/releases?x=1", "takes: none"),
    ],
)
def test_wrong_parameters_are_named(client, url, part):
    check_problem(client.get(url), 400, part)


def test_path_that_is_not_utf8(client):
    answer = client.get("/v1/zones/x", environ_overrides={"PATH_INFO": "/v1/zones/\xff"})
    check_problem(answer, 400, "UTF-8")


@pytest.mark.parametrize(
    "url",
    ["/v1", "/v1/", "/v1/nothing", "/v1/zones", "/v1/zones/", "/v1/zones/41/", "/v1/zones/-1", "/v1/zones/abc",
     "/v1/zones/٤١",
     "/v1/zones/9223372036854775808", "/v1/zones/" + "9" * 400, "/v1/zones/osm/relation:1", "/v1/zones/wikidata/Q0",
     "/v1/zones/0/children", "/v1/export?subtree=relation:1", f"/v1/zones/1?release={data.OLD}"],
)  # fmt: skip
def test_unknown_addresses_are_not_found(client, url):
    check_problem(client.get(url), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client, method):
    answer = client.open("/v1/zones/41", method=method)
    check_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "url",
    ["/v1/zones/7?release={}", "/v1/zones/osm/relation:900007?release={}", "/v1/zones/7/children?release={}",
     "/v1/reverse?lat=0&lon=0&release={}", "/v1/search?q=a&release={}", "/v1/export?country=AA&release={}",
     "/v1/releases/{}", "/v1/releases/{}/statistics", "/v1/releases/{}/left_out", "/v1/releases/{}/coverage",
     "/v1/releases/{}/countries"],
)  # fmt: skip
def test_release_that_is_no_longer_kept_is_gone_and_others_are_unknown(client, postgres, published, url):
    with postgres.connect(published) as connection:
        connection.execute(
            "insert into cosmogony_catalog.publications (action, release_id) values ('publish', %s)", (GONE,)
        )
        try:
            check_problem(client.get(url.format(GONE)), 410, GONE, "no longer kept")
        finally:
            connection.execute("delete from cosmogony_catalog.publications where release_id = %s", (GONE,))
    check_problem(client.get(url.format(NEVER)), 404, NEVER)
    check_problem(client.get(url.format("x")), 404)


def test_release_and_cursor_must_agree(client):
    following = client.get("/v1/zones/osm/relation:900007/children?limit=1").json["next"]
    answer = client.get(f"/v1/zones/osm/relation:900007/children?cursor={following}&release={data.OLD}")
    check_problem(answer, 400, "two releases")


@pytest.mark.parametrize(
    ("options", "status", "part"),
    [
        ({"data": "lat,lon\n1,1\n", "content_type": "text/plain"}, 415, "text/csv"),
        ({"data": "{}", "content_type": "application/json"}, 400, "points"),
        ({"data": "{", "content_type": "application/json"}, 400, "points"),
        ({"data": "[" * 100_000, "content_type": "application/json"}, 400, "points"),
        ({"data": b"\xff", "content_type": "application/json"}, 400, "points"),
        ({"json": {"points": [{"lat": 91, "lon": 0}]}}, 400, "$.points[0].lat"),
        ({"data": '{"points":[{"lat":NaN,"lon":0}]}', "content_type": "application/json"}, 400, "points"),
        ({"json": {"points": [{"lat": 1, "lon": 1}] * 10_001}}, 413, "10000"),
        ({"data": "lat,lon\n" + "1,1\n" * 10_001, "content_type": "text/csv"}, 413, "10000"),
        ({"data": "lat,lon\n1,x\n", "content_type": "text/csv"}, 400, "Line 2"),
        ({"data": "lat,lon\n1,1\n1,nan\n", "content_type": "text/csv"}, 400, "Line 3"),
        ({"data": "lat,lon\n1\n", "content_type": "text/csv"}, 400, "Line 2"),
        ({"data": "lat;lon\n1;1\n", "content_type": "text/csv"}, 400, "first line"),
        ({"data": "", "content_type": "text/csv"}, 400, "first line"),
        ({"data": "lat,lon\n1,\x00\n", "content_type": "text/csv"}, 400, "NUL"),
        ({"data": b"lat,lon\n\xff,1\n", "content_type": "text/csv"}, 400, "UTF-8"),
        ({"data": "x" * (2 * 1024 * 1024 + 1), "content_type": "text/csv"}, 413, "2097152 bytes"),
    ],
)
def test_wrong_bodies_are_refused_with_their_place(client, options, status, part):
    check_problem(client.post("/v1/reverse", **options), status, part)


def test_release_of_an_earlier_version_is_not_prepared(make_client, postgres, empty):
    data.publish(postgres, empty, data.OLD, data.zones(), prepared=False)
    client = make_client(empty)
    for url in (
        "/v1/zones/41", "/v1/zones/7/children", "/v1/reverse?lat=1&lon=1", "/v1/search?q=a", "/v1/export?type=city",
        f"/v1/releases/{data.OLD}/coverage", f"/v1/releases/{data.OLD}/countries",
    ):  # fmt: skip
        check_problem(client.get(url), 501, data.OLD, "ansible-playbook playbooks/data_update.yml")
    check_problem(client.post("/v1/reverse", json={"points": []}), 501)
    assert client.get("/v1/releases").json["releases"][0]["prepared"] is False
    assert client.get("/zones/osm/relation:900041").status_code == 200


def test_nothing_published_and_no_database_are_unavailable(make_client, empty, published):
    answer = make_client(empty).get("/v1/zones/1")
    check_problem(answer, 503, "No release has been published yet")
    assert answer.headers["Retry-After"] == "30"
    client = make_client(published, POSTGRES_PORT="1")
    for url in ("/v1/zones/1", "/v1/reverse?lat=1&lon=1", "/v1/search?q=a", "/v1/export?type=city", "/v1/releases"):
        answer = client.get(url)
        check_problem(answer, 503, "does not answer")
        assert answer.headers["Retry-After"] == "5"
