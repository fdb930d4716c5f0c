# SPDX-License-Identifier: Apache-2.0
"""The database under the API: absent, back again, empty, an original one, and switched while it is read."""

from __future__ import annotations

import secrets
import threading
import time

import psycopg
import pytest
from cosmogony_importer.releases import catalog, migrations, switch, views
from waiting import wait_for

from .support import data

READS = [
    "/zones/41", "/zones/41/parents", "/zones/osm/relation:1", "/tiles/cosmogony.json", "/health/ready", "/release",
    "/releases", f"/releases/{data.NEW}", f"/releases/{data.NEW}/check", "/data/test_results.json",
]  # fmt: skip


def test_no_database_is_503(make_client, published):
    client = make_client(published, POSTGRES_PORT="1")
    for path in READS:
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (503, {"message": "The database does not answer"}), path
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/health/live").status_code == 200


def test_known_outage_is_answered_without_waiting(make_client, published):
    client = make_client(published, POSTGRES_PORT="1")
    client.get("/zones/41")
    started = time.monotonic()
    assert client.get("/zones/41").status_code == 503
    assert time.monotonic() - started < 1


def test_wrong_password_is_503_and_not_logged(make_client, published, caplog):
    answer = make_client(published, POSTGRES_PASSWORD="wrong-secret").get("/zones/41")
    assert (answer.status_code, answer.json) == (503, {"message": "The database does not answer"})
    assert "wrong-secret" not in caplog.text


def test_reconnects_after_a_crash(postgres, make_client, published, caplog):
    if postgres.process is None:
        pytest.skip("the server named by TEST_POSTGRES_HOST must not be killed")
    client = make_client(published)
    assert client.get("/zones/41").status_code == 200
    with postgres.killed():
        started = time.monotonic()
        assert client.get("/zones/41").status_code == 503
        assert time.monotonic() - started < 15
        wait_for(lambda: "reconnection attempt" in caplog.text, "the pool gives up reconnecting", limit=60)
    wait_for(lambda: client.get("/zones/41").status_code == 200, "200 of the API", limit=60)


def test_closed_connection_is_replaced_unnoticed(postgres, make_client, published):
    client = make_client(published)
    assert client.get("/zones/41").status_code == 200
    with postgres.connect("postgres") as connection:
        ended = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cosmogony-api'"
        ).fetchall()
    assert ended
    assert client.get("/zones/41").status_code == 200


def test_empty_database_is_503(make_client, empty):
    client = make_client(empty)
    answer = client.get("/zones/1")
    assert (answer.status_code, answer.json) == (503, {"message": "No release has been published yet"})
    assert answer.headers["Retry-After"] == "30"
    assert client.get("/tiles/cosmogony.json").status_code == 503
    assert client.get("/health/ready").json == {"status": "ready", "release": None}
    assert client.get("/release").status_code == 404
    assert client.get("/releases").json == {"releases": []}


def test_catalog_without_releases_is_503(postgres, make_client, empty):
    with postgres.connect(empty) as connection:
        migrations.migrate_database(connection)
    client = make_client(empty)
    assert client.get("/zones/1").status_code == 503
    assert client.get("/release").status_code == 404
    assert client.get("/releases").json == {"releases": []}


def test_empty_view_for_the_tile_server_is_503(postgres, make_client, empty):
    with postgres.connect(empty) as connection:
        migrations.migrate_database(connection)
        views.create_empty_zones_view(connection)
        assert connection.execute("select count(*) from public.zones").fetchone() == (0,)
    client = make_client(empty)
    assert client.get("/zones/1").status_code == client.get("/tiles/cosmogony.json").status_code == 503


@pytest.mark.parametrize("comment", ["No release is published; made by cosmogony.stack", "Another text", None])
def test_empty_view_is_recognized_without_its_comment(postgres, make_client, empty, comment):
    with postgres.connect(empty) as connection:
        migrations.migrate_database(connection)
        views.create_empty_zones_view(connection)
        text = psycopg.sql.Literal(comment)
        connection.execute(psycopg.sql.SQL("comment on view public.zones is {}").format(text))
    client = make_client(empty)
    assert client.get("/zones/1").status_code == client.get("/tiles/cosmogony.json").status_code == 503
    data.publish(postgres, empty, data.NEW, data.zones())
    assert client.get("/zones/41").headers["X-Cosmogony-Release"] == data.NEW


def test_view_on_an_original_table_is_read(postgres, make_client, empty):
    with postgres.connect(empty) as connection:
        connection.execute(
            "create schema other; create table other.zones (id bigint not null primary key, parent bigint, "
            "name varchar, admin_level int, zone_type varchar, osm_id varchar, wikidata varchar, geometry geometry); "
            "insert into other.zones values (1, null, 'Root', 2, 'country', 'relation:1', null, null); "
            "create view public.zones as select * from other.zones; "
            "comment on view public.zones is 'No release is published'"
        )
    assert make_client(empty).get("/zones/1").json["zone"]["name"] == "Root"


def test_original_database_is_read_before_and_after_its_adoption(postgres, make_client, empty):
    with postgres.connect(empty) as connection:
        connection.execute("""
            create table public.zones (id bigint not null primary key, parent bigint, name varchar, admin_level int,
                zone_type varchar, osm_id varchar, wikidata varchar, geometry geometry)""")
        connection.execute(
            "insert into public.zones values (1, null, 'Root', 2, 'country', 'relation:1', null, "
            "ST_Transform(ST_MakeEnvelope(0, 0, 1, 1, 4326), 3857)), "
            "(2, 1, 'Leaf', null, 'suburb', 'node:2', null, null)"
        )
        client = make_client(empty)
        before = client.get("/zones/1")
        assert (before.json["zone"]["name"], before.json["children"][0]["name"]) == ("Root", "Leaf")
        assert "ETag" not in before.headers
        assert client.get("/zones/2").json["zone"]["bbox"] is None
        assert client.get("/release").status_code == 404
        assert client.get("/data/test_results.json").status_code == 404
        assert client.get("/tiles/cosmogony.json").json["tiles"][0].endswith("{y}.pbf")
        data.publish(postgres, empty, data.NEW, data.zones())
    assert client.get("/zones/41").headers["X-Cosmogony-Release"] == data.NEW
    assert client.get("/zones/1?v=legacy").json == before.json
    assert client.get("/releases/legacy/check").status_code == 204


def test_password_may_have_any_character(postgres, make_client, published):
    role, password = f"reader_{secrets.token_hex(4)}", "p@ss/w:rd%41 \\'\"?#&= ü"
    with postgres.connect(published) as connection:
        literal = psycopg.sql.Literal(password)
        connection.execute(psycopg.sql.SQL("create role {} login superuser password {}").format(
            psycopg.sql.Identifier(role), literal))  # fmt: skip
        try:
            client = make_client(published, POSTGRES_USER=role, POSTGRES_PASSWORD=password)
            assert client.get("/zones/41").status_code == 200
        finally:
            connection.execute(psycopg.sql.SQL("drop role {}").format(psycopg.sql.Identifier(role)))


def test_connections_are_read_only(postgres, make_client, published):
    from cosmogony_api.context import EXTENSION
    from cosmogony_api.errors import UnavailableError

    database = make_client(published).application.extensions[EXTENSION]
    with pytest.raises(UnavailableError, match="cannot be read"):
        database.read(lambda connection: connection.execute("create table public.x (a int)"))


def test_one_answer_never_mixes_two_releases(postgres, make_client, published):
    """Switch back and forth while reading: zone and parents always come from the release that the header names."""
    client = make_client(published)
    country = {data.OLD: "Oldland", data.NEW: "Ælandia"}
    stop, seen, wrong = threading.Event(), set(), []

    def read():
        own = client.application.test_client()
        while not stop.is_set():
            answer = own.get("/zones/52/parents")
            release = answer.headers.get("X-Cosmogony-Release")
            seen.add(release)
            if answer.status_code != 200 or answer.json["parents"][-1]["name"] != country[release]:
                wrong.append((answer.status_code, release, answer.json))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        with postgres.connect(published) as connection:
            for number in range(20):
                target = catalog.get_release(connection, (data.OLD, data.NEW)[number % 2])
                switch.switch_live_release(connection, target, "publish", patience=10)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not wrong
    assert seen == {data.OLD, data.NEW}


def test_release_dropped_while_read_is_replaced_by_the_live_one(postgres, make_client, empty, monkeypatch):
    """Between finding the live release and reading it, another was published and the first dropped."""
    from cosmogony_api.routes import zones

    with postgres.connect(empty) as connection:
        data.publish(postgres, empty, data.OLD, data.zones("Oldland"))
        client = make_client(empty)
        select_release, calls = zones.select_release, []

        def slow(reader, wanted=None):
            found = select_release(reader, wanted)
            if not calls:
                reader.rollback()  # the lock on the view would make the publisher wait for us
                data.publish(postgres, empty, data.NEW, data.zones())
                connection.execute("drop schema release_20260101t000000_00000001 cascade")
            calls.append(found.id)
            return found

        monkeypatch.setattr(zones, "select_release", slow)
        answer = client.get("/zones/7")
    assert calls == [data.OLD, data.NEW]
    assert (answer.status_code, answer.json["zone"]["name"]) == (200, "Ælandia")
