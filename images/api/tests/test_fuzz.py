# SPDX-License-Identifier: Apache-2.0
"""Requests made from the OpenAPI document, and random ones: nothing breaks, and memory does not grow."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import hypothesis
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
SETTINGS = settings(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
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


def watch_memory(server: Server, sent: Iterator[int], number: int) -> None:
    """Send this number of requests; after the first fifth of them the server's memory does not grow any more.

    Args:
        server: that answers them.
        sent: sends some requests with each step, and says how many it has sent so far.
        number: of requests.
    """
    first = next(count for count in sent if count >= number / 5)
    before = server.measure_memory()
    last = next(count for count in sent if count >= number)
    assert first < last
    assert server.measure_memory() - before < GROWTH
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()


def send_from_document(server: Server, examples: int) -> Iterator[int]:
    """Send valid and invalid requests of all operations in turn, this number of each in a turn."""
    schema = openapi.from_url(f"{server.url}/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    checks = [check for check in CHECKS.get_all() if check.__name__ in CHECKED]
    session = requests.Session()
    sent = 0

    def send(case: Any) -> None:
        nonlocal sent
        answer = case.call(base_url=server.url, session=session, timeout=30)
        sent += 1
        path = urlsplit(answer.request.url or "").path
        if len(answer.request.path_url) > MAX_ADDRESS:
            return  # gunicorn answers by itself; nginx lets none of these through
        check_answer(answer.status_code, (answer.headers.get("content-type") or [None])[0], answer.content, path)
        case.validate_response(answer, checks=checks)

    wanted = [
        (operation, mode)
        for operation in operations
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or operation.query or operation.path_parameters
    ]
    for turn in itertools.count():
        for operation, mode in wanted:

            @hypothesis.seed(turn)
            @settings(SETTINGS, max_examples=examples)
            @given(case=operation.as_strategy(generation_mode=mode))
            def run(case: Any) -> None:
                send(case)

            # Wrong parameters cannot be made where any text is right.
            with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
                run()
            yield sent


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


def send_at_random(server: Server, seed: int) -> Iterator[int]:
    """Send random requests, one in a step."""
    choose = random.Random(seed)
    address = urlsplit(server.url).netloc
    for sent in itertools.count(1):
        method, path, body, headers = make_request(choose)
        # The server closes a connection whose request has a body that nobody read.
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        check_answer(answer.status, answer.headers["Content-Type"], answer.read(), path)
        connection.close()
        yield sent


def test_requests_of_the_document(server):
    watch_memory(server, send_from_document(server, examples=1), 100)


def test_random_requests(server):
    watch_memory(server, send_at_random(server, seed=1), 300)


@pytest.mark.long
def test_many_requests_of_the_document(server):
    watch_memory(server, send_from_document(server, examples=10), 20_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
def test_many_random_requests(server, seed):
    watch_memory(server, send_at_random(server, seed), 10_000)
