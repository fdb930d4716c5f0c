# SPDX-License-Identifier: Apache-2.0
"""Requests made from the OpenAPI document, and random ones: nothing breaks, and memory does not grow."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import string
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi
from schemathesis.checks import CHECKS

from .support import data
from .support.server import Server, run_server

GROWTH = 24 * 1024 * 1024  # bytes that all processes may grow by after the first fifth of the requests
MAX_ADDRESS = 8000
CHECKED = ("status_code_conformance", "content_type_conformance", "response_schema_conformance", "not_a_server_error")
PLACES = (
    "/v1/zones/{}",
    "/v1/zones/osm/{}", "/v1/zones/wikidata/{}", "/v1/zones/{}/children", "/v1/zones/7/descendants?{}",
    "/v1/reverse?{}", "/v1/reverse?lat={}&lon={}", "/v1/search?q={}", "/v1/search?{}", "/v1/export?{}",
    "/v1/export?subtree={}", "/v1/releases/{}", "/v1/releases/{}/{}", "/v1/releases/{}/changes/{}", "/v1/{}",
    "/zones/{}", "/zones/{}/parents", "/zones/osm/{}", "/releases/{}/check", "/{}", "/data/{}", "/tiles/{}",
)  # fmt: skip
WORDS = (
    "7", "41", "-1", "9" * 30, "relation:900041", "Q900041", "1e309", "NaN", "%00", "%ff%fe", "%F0%9F%98%80",
    "%ed%a0%80", "..", "%2e%2e%2f", "'%3B--", "%25", "lat=1", "lon=1", "lat=91", "lat=1&lat=1", "type=city", "type=,",
    "limit=0",
    "cursor=WzFd", "release=" + data.OLD, data.NEW, "format=csv", "include=geometry", "zoom=99", "lang=*",
    "&&&", "=", "a" * 3000,
    "%D8%A7", "near=1,1", "q=a", "country=AA", "nearest=1e5", "{}", "[]", "null", "true",
)  # fmt: skip
METHODS = ("GET",) * 8 + ("POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW")


@pytest.fixture
def server(postgres, published, tmp_path) -> Iterator[Server]:
    with run_server({**postgres.environment(published), "LOG_LEVEL": "WARNING"}, tmp_path) as running:
        yield running


def check_answer(status: int, kind: str | None, body: bytes, path: str) -> None:
    """No answer is an error of the server, shows how it is made, or is an error without a document."""
    assert status < 500, (path, status, body[:300])
    assert b"Traceback" not in body and b'File "' not in body, path
    if status < 400 or not body:
        return
    document = json.loads(body)
    if urlsplit(path).path.startswith("/v1/"):
        assert kind == "application/problem+json", path
        assert list(document) == ["type", "title", "status", "detail"]
        assert document["status"] == status
    else:
        assert list(document) == ["message"], path


def watch_memory(server: Server, rounds: list[Callable[[], None]]) -> None:
    """Run all rounds; after the first fifth of them the server's memory does not grow any more."""
    first = max(1, len(rounds) // 5)
    for run in rounds[:first]:
        run()
    before = server.measure_memory()
    for run in rounds[first:]:
        run()
    assert server.measure_memory() - before < GROWTH
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()


def ignore_impossible(run: Callable[[], None]) -> None:
    """Run a test, unless it wants wrong parameters and none can be: any text is right."""
    with contextlib.suppress(Unsatisfiable):
        run()


def ask_from_document(server: Server, number: int) -> None:
    """Send about this number of requests of all operations, valid and invalid ones."""
    schema = openapi.from_url(f"{server.url}/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    checks = [check for check in CHECKS.get_all() if check.__name__ in CHECKED]
    session = requests.Session()
    rounds = []
    for operation, mode in itertools.product(operations, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
        if mode is GenerationMode.NEGATIVE and not operation.query and not operation.path_parameters:
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=max(1, number // len(operations) // 2),
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def run(case: Any) -> None:
            answer = case.call(base_url=server.url, session=session, timeout=30)
            path = urlsplit(answer.request.url or "").path
            if len(answer.request.path_url) > MAX_ADDRESS:
                return  # gunicorn answers by itself; nginx lets none of these through
            check_answer(answer.status_code, (answer.headers.get("content-type") or [None])[0], answer.content, path)
            case.validate_response(answer, checks=checks)

        rounds.append(partial(ignore_impossible, run) if mode is GenerationMode.NEGATIVE else run)
    watch_memory(server, rounds)


def make_request(choose: random.Random) -> tuple[str, str, bytes | None, dict[str, str]]:
    """A request of random parts: method, path, body, headers."""
    place = choose.choice(PLACES)
    parts = []
    for _ in range(place.count("{}")):
        words = [choose.choice(WORDS) for _ in range(choose.randint(0, 3))]
        if choose.random() < 0.3:
            words.append("".join(choose.choice(string.ascii_letters + string.digits + "-._~%&=,/?") for _ in range(12)))
        parts.append(choose.choice(("", "&", ",", "/")).join(words))
    method = choose.choice(METHODS)
    body = None
    headers = {}
    if method != "GET" or choose.random() < 0.1:
        body = choose.choice(
            (b"", choose.randbytes(40), b'{"points":[{"lat":1,"lon":2}]}', b"lat,lon\n1,2\n", b"[" * 5000)
        )
        kind = choose.choice(
            ("application/json", "text/csv", "text/csv; charset=utf-16", "", "x", "multipart/form-data")
        )
        headers["Content-Type"] = kind
    headers["If-None-Match"] = choose.choice(("*", '"', 'W/"x"', ""))
    return method, place.format(*parts), body, headers


def ask_at_random(server: Server, number: int, seed: int) -> None:
    """Send this number of random requests."""
    choose = random.Random(seed)
    address = urlsplit(server.url).netloc

    def run() -> None:
        method, path, body, headers = make_request(choose)
        # The server closes a connection whose request has a body that nobody read.
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        check_answer(answer.status, answer.headers["Content-Type"], answer.read(), path)
        connection.close()

    watch_memory(server, [run] * number)


def test_requests_of_the_document(server):
    ask_from_document(server, 100)


def test_random_requests(server):
    ask_at_random(server, 300, seed=1)


@pytest.mark.long
def test_many_requests_of_the_document(server):
    ask_from_document(server, 20_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_many_random_requests(server, seed):
    ask_at_random(server, 10_000, seed)
