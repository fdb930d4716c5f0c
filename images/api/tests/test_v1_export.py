# SPDX-License-Identifier: Apache-2.0
"""Exports, and what long answers do while a release is published, the database is away, or the client leaves."""

from __future__ import annotations

import csv
import http.client
import io
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

import pytest
from cosmogony_api.export import LOCK_CLASS
from cosmogony_importer.housekeeping import cleanup
from cosmogony_importer.releases import catalog, switch
from psycopg import sql
from waiting import wait_for

from .support import data
from .support.server import run_server
from .test_v1_errors import check_problem

MANY = 20_000


def read_sequence(body: bytes) -> list[dict]:
    return [json.loads(record) for record in body.split(b"\x1e")[1:]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("country=AA", [7, 41, 42, 43, 52, 60, 61, 70, 71, 72]),
        ("country=aa&type=city,country", [7, 41, 42, 43]),
        ("type=city", [41, 42, 43]),
        ("subtree=relation:900041", [41, 52, 60]),
        ("subtree=relation:900007&type=suburb", [52, 60]),
        ("subtree=relation:900070", [70, 71]),
        ("country=ZZ", []),
    ],
)
def test_same_zones_in_each_format(client, query, ids):
    collection = client.get(f"/v1/export?{query}")
    assert collection.headers["Content-Type"] == "application/geo+json"
    assert [feature["properties"]["id"] for feature in collection.json["features"]] == ids
    sequence = client.get(f"/v1/export?{query}&format=geojsonseq")
    assert sequence.headers["Content-Type"] == "application/geo+json-seq"
    assert read_sequence(sequence.data) == collection.json["features"]
    table = client.get(f"/v1/export?{query}&format=csv").get_data(as_text=True)
    assert [int(row["id"]) for row in csv.DictReader(io.StringIO(table))] == ids


def test_feature_has_the_zone_as_properties(client):
    feature = client.get("/v1/export?type=city&include=names&lang=fr").json["features"][0]
    assert list(feature) == ["type", "id", "bbox", "properties", "geometry"]
    assert (feature["id"], feature["bbox"], feature["geometry"]) == (
        "relation:900041", [2, 2, 5, 5], data.square(2, 2, 5, 5),
    )  # fmt: skip
    assert (feature["properties"]["name"], feature["properties"]["names"]) == ("Brumelle", {"fr": "Brumelle"})


def test_export_names_its_release_and_is_not_kept_by_proxies(client):
    answer = client.get(f"/v1/export?type=country&release={data.OLD}")
    assert answer.json["release"] == answer.headers["X-Cosmogony-Release"] == data.OLD
    assert answer.json["features"][0]["properties"]["name"] == "Oldland"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in answer.headers
    again = client.get(
        "/v1/export?type=country", headers={"If-None-Match": client.get("/v1/export?type=country").headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert client.head("/v1/export?type=country").data == b""


def test_too_many_zones_are_refused(make_client, published):
    client = make_client(published, EXPORT_MAX_ZONES="3")
    check_problem(client.get("/v1/export?country=AA"), 413, "10 zones", "at most 3")
    assert client.get("/v1/export?type=city").status_code == 200


def test_as_many_exports_run_as_may(make_client, postgres, published):
    client = make_client(published, EXPORTS_AT_ONCE="2")
    with postgres.connect(published) as connection:
        for slot in (1, 2):
            connection.execute("select pg_advisory_lock(%s, %s)", (LOCK_CLASS, slot))
        answer = client.get("/v1/export?type=city")
        check_problem(answer, 503, "2 exports")
        assert answer.headers["Retry-After"] == "30"
        connection.execute("select pg_advisory_unlock(%s, 2)", (LOCK_CLASS,))
        assert client.get("/v1/export?type=city").status_code == 200
    assert client.get("/v1/export?type=city").status_code == 200


def test_statement_timeout_reaches_an_export(make_client, postgres, published):
    """A query that takes too long: the first one is a 503, a later one ends the body in the middle."""
    client = make_client(published, STATEMENT_TIMEOUT_MS="300")
    with postgres.connect(published) as connection:
        schema = connection.execute("select schema_name from public.cosmogony_release").fetchone()[0]
        names = {"zones": sql.Identifier(schema, "zones"), "hidden": sql.Identifier(schema, "hidden")}
        connection.execute(sql.SQL("alter table {zones} rename to hidden").format(zones=names["zones"]))
        try:
            slow = "create view {zones} as select * from {hidden} where pg_sleep(0.2) is not null"
            connection.execute(sql.SQL(slow).format(**names))
            check_problem(client.get("/v1/zones/7/descendants"), 503, "took too long")
        finally:
            connection.execute(sql.SQL("drop view if exists {zones}").format(**names))
            connection.execute(sql.SQL("alter table {hidden} rename to zones").format(hidden=names["hidden"]))


@pytest.fixture(scope="module")
def crowded(postgres):
    """A database with many zones, as a kept release and as the live one."""
    name = postgres.create_database("api")
    for release, country in ((data.OLD, "Oldland"), (data.NEW, "Ælandia")):
        data.publish(postgres, name, release, data.zones(country), copies=MANY)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def server(postgres, crowded, tmp_path):
    with run_server({**postgres.environment(crowded), "EXPORTS_AT_ONCE": "2"}, tmp_path) as running:
        yield running


def open_slowly(
    url: str, *, body: bytes | None = None, **headers: str
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Send a request and read the head of its answer only; the socket keeps little of the rest."""
    import socket

    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sock.settimeout(30)
    connection.sock.connect((parts.hostname, parts.port))
    connection.request("GET" if body is None else "POST", f"{parts.path}?{parts.query}", body=body, headers=headers)
    return connection, connection.getresponse()


def test_export_lasts_longer_than_a_publish_and_clean(server, postgres, crowded):
    """A publish does not wait for an export, clean leaves its release alone, and it stays of its release."""
    connection, answer = open_slowly(f"{server.url}/v1/export?country=AA&release={data.OLD}")
    try:
        with postgres.connect(crowded) as importer:
            new, old = catalog.get_release(importer, data.NEW), catalog.get_release(importer, data.OLD)
            switch.switch_live_release(importer, old, "rollback", patience=5)
            switch.switch_live_release(importer, new, "publish", patience=5)
            patience, cleanup.PATIENCE = cleanup.PATIENCE, 1.0
            try:
                assert cleanup.drop_old_releases(importer, keep=1) == []
            finally:
                cleanup.PATIENCE = patience
        collection = json.load(answer)
    finally:
        connection.close()
    assert collection["release"] == data.OLD
    assert len(collection["features"]) == MANY + 10
    assert collection["features"][0]["properties"]["name"] == "Oldland"


def test_export_ends_when_the_client_leaves(server, postgres, crowded):
    running = "select count(*) from pg_locks where locktype = 'advisory' and classid = %s"
    with postgres.connect(crowded) as observer:
        connection, _ = open_slowly(f"{server.url}/v1/export?country=AA")
        assert observer.execute(running, (LOCK_CLASS,)).fetchone() == (1,)
        connection.sock and connection.sock.close()
        connection.close()
        wait_for(lambda: observer.execute(running, (LOCK_CLASS,)).fetchone() == (0,), "the export ends", limit=30)
    wait_for(lambda: server.read_metrics()["cosmogony_api_long_answers"] == 0, "the export ends", limit=30)


def test_batch_is_of_one_release_while_others_are_published(server, postgres, crowded):
    body = json.dumps({"points": [{"lat": 0.5, "lon": 0.5}] * 10_000}).encode()
    stop, countries = threading.Event(), {data.OLD: "Oldland", data.NEW: "Ælandia"}

    def publish() -> None:
        with postgres.connect(crowded) as importer:
            while not stop.is_set():
                for release in (data.OLD, data.NEW):
                    switch.switch_live_release(importer, catalog.get_release(importer, release), "publish", patience=10)

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        for _ in range(4):
            request = urllib.request.Request(
                f"{server.url}/v1/reverse?type=country", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                found = json.load(answer)
                assert answer.headers["X-Cosmogony-Release"] == found["release"]
            names = {zone["name"] for point in found["points"] for zone in point["zones"]}
            assert (len(found["points"]), names) == (10_000, {countries[found["release"]]})
    finally:
        stop.set()
        publisher.join()


def test_memory_is_that_of_a_few_zones(server):
    def export(times: int) -> int:
        for _ in range(times):
            with urllib.request.urlopen(f"{server.url}/v1/export?country=AA", timeout=60) as answer:
                size = sum(len(part) for part in iter(lambda: answer.read(65536), b""))
        return size

    assert export(8) > 5_000_000
    before = server.measure_memory()
    size = export(8)
    assert server.measure_memory() - before < size / 2


def test_export_whose_session_ends_is_incomplete(server, postgres, crowded):
    connection, answer = open_slowly(f"{server.url}/v1/export?country=AA&include=names,population,zip_codes")
    with postgres.connect(crowded) as other:
        ended = other.execute(
            "select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' and classid = %s",
            (LOCK_CLASS,),
        ).fetchall()
    assert ended == [(True,)]
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    connection.close()
    wait_for(lambda: server.read_metrics()["cosmogony_api_long_answers"] == 0, "the export ends", limit=30)
    assert "Traceback" not in server.log.read_text()


def test_database_that_dies_comes_back(server, postgres):
    if postgres.process is None:
        pytest.skip("the server named by TEST_POSTGRES_HOST must not be killed")
    with postgres.killed():
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.url}/v1/zones/7", timeout=20)
        assert (refused.value.code, refused.value.headers["Content-Type"]) == (503, "application/problem+json")
        assert refused.value.headers["Retry-After"]

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{server.url}/v1/export?type=country", timeout=20) as again:
                return bool(json.load(again)["features"])
        except urllib.error.HTTPError as error:
            assert error.code == 503
            return False

    wait_for(answers, "exports are answered again", limit=60)
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()
