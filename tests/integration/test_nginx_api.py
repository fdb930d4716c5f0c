# SPDX-License-Identifier: Apache-2.0
"""nginx as its image runs it, in front of the real API: errors, cache and limits of /api/."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from importer_support.helpers import Importer, Zones
from nginx import Get, Start


def check_problem(answer: tuple[int, bytes, dict[str, str]], status: int) -> None:
    assert answer[0] == status, answer
    assert answer[2]["Content-Type"] == "application/problem+json"
    assert answer[2]["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer[1])["status"] == status


def get_header(get: Get, path: str, name: str) -> str | None:
    return get(path)[2].get(name)


def test_errors_are_problem_documents_whoever_answers(importer: Importer, zones: Zones, start: Start) -> None:
    with start() as get:
        check_problem(get("/api/v1/zones/1"), 503)
        importer.load(zones.grid())
        importer.run("publish")
        check_problem(get("/api/v1/nothing"), 404)
        check_problem(get("/api/v1/reverse?lat=abc&lon=0"), 400)
        check_problem(get("/api/v1/zones/%00"), 400)
        check_problem(get("/api/v1/zones/1", "TRACE"), 405)
        check_problem(get("/api/v1/zones/1", "DELETE"), 405)
        check_problem(get(f"/api/v1/search?q={'x' * 9000}"), 414)
        assert get("/api/metrics")[0] == 404
        assert json.loads(get("/api/zones/nothing")[1]) == {"message": "Not found"}
        assert get("/api/docs")[0] == get("/api/v1/openapi.json")[0] == 200


def test_body_that_is_too_large_is_refused(start: Start, web: tuple[list[str], dict[str, str]]) -> None:
    with start():
        host, _, port = web[1]["LISTEN"].partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.putrequest("POST", "/api/v1/reverse")
        connection.putheader("Content-Type", "text/csv")
        connection.putheader("Content-Length", str(3 * 1024 * 1024))
        connection.endheaders()
        answer = connection.getresponse()
        check_problem((answer.status, answer.read(), dict(answer.headers)), 413)
        connection.close()


def test_api_that_is_away_is_503_with_retry_after(start: Start) -> None:
    with start(API_UPSTREAM="127.0.0.1:9") as get:
        answer = get("/api/v1/zones/1")
        check_problem(answer, 503)
        assert answer[2]["Retry-After"] == "5"
        assert json.loads(get("/api/zones/1")[1])["message"] == "The API does not answer"


def test_answers_of_a_named_release_are_cached(importer: Importer, zones: Zones, start: Start) -> None:
    with start() as get:
        release = importer.load(zones.grid())
        importer.run("publish")
        path = f"/api/zones/1?v={release}"
        first = get(path, **{"X-Request-ID": "first"})
        second = get(path, **{"X-Request-ID": "second"})
        assert first[0] == second[0] == 200
        assert (first[2]["X-Request-ID"], second[2]["X-Request-ID"]) == ("first", "second")
        assert first[2]["Date"] and first[1] == second[1]
        statistics = f"/api/v1/releases/{release}/statistics"
        tag = get_header(get, statistics, "ETag")
        assert tag
        assert get(statistics, **{"If-None-Match": tag})[0] == 304
        live = get_header(get, "/api/zones/1", "ETag")
        assert live
        assert get("/api/zones/1", **{"If-None-Match": live})[0] == 304
        assert get(path, **{"If-None-Match": live})[0] in (200, 304)


def test_redirects_stay_below_the_path_of_the_site(importer: Importer, zones: Zones, start: Start) -> None:
    with start(BASE_PATH="/maps") as get:
        release = importer.load(zones.grid())
        importer.run("publish")
        listed = json.loads(get("/maps/api/v1/releases")[1])["releases"]
        if not listed[0]["prepared"]:
            pytest.skip("the importer prepares nothing")
        status, body, _ = get(f"/maps/api/v1/zones/1?release={release}")
        assert (status, urlsplit(json.loads(body)["osm_id"]).scheme) == (200, "relation")


def test_more_requests_than_the_limit_are_429(start: Start) -> None:
    with start(REQUESTS_PER_SECOND="1", TRUSTED_PROXIES="127.0.0.0/8") as get:
        answers = [get("/api/v1/releases", **{"X-Forwarded-For": "192.0.2.1"}) for _ in range(12)]
        refused = [answer for answer in answers if answer[0] == 429]
        assert refused
        check_problem(refused[0], 429)
        assert refused[0][2]["Retry-After"] == "1"
        assert get("/api/v1/releases", **{"X-Forwarded-For": "192.0.2.2"})[0] == 200
        assert get("/healthz")[0] == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("REQUESTS_PER_SECOND", "x"), ("REQUESTS_PER_SECOND", "-1"), ("TRUSTED_PROXIES", "10.0.0.0/8 a;b")],
)
def test_refuses_settings_that_are_none(web: tuple[list[str], dict[str, str]], name: str, value: str) -> None:
    import subprocess

    command, settings = web
    done = subprocess.run([*command, "-t"], env=settings | {name: value}, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert name in done.stderr
