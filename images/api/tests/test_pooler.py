# SPDX-License-Identifier: Apache-2.0
"""PgBouncer in transaction mode between the API and PostgreSQL: few sessions, lent to whoever begins a transaction."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from cosmogony_api.context import EXTENSION
from cosmogony_api.errors import UnavailableError
from cosmogony_api.export import LOCK_CLASS
from services.pgbouncer import PgBouncer
from waiting import wait_for

from .support import data
from .support.server import run_server
from .test_database import READS

SETTINGS = ("statement_timeout", "lock_timeout", "search_path", "transaction_read_only")


def show_settings(connection) -> list[str]:
    """Return what counts now, as text."""
    names = ", ".join(f"current_setting('{name}') as {name}" for name in SETTINGS)
    row = connection.execute(f"select {names}").fetchone()
    return list(row.values() if isinstance(row, dict) else row)


@pytest.fixture
def pooler(start_pgbouncer) -> PgBouncer:
    return start_pgbouncer(mode="transaction", size=1, ignore_startup_parameters="extra_float_digits")


@pytest.fixture
def client(make_client, published, pooler):
    return make_client(published, POSTGRES_PORT=str(pooler.port), STATEMENT_TIMEOUT_MS="700")


def test_every_read_is_answered_as_by_the_server(client, make_client, published):
    direct = make_client(published)
    for path in READS:
        one, other = client.get(path), direct.get(path)
        assert (one.status_code, one.data) == (other.status_code, other.data), path
        assert one.status_code != 503, path


def test_many_requests_share_the_session(client):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.get("/zones/41").status_code, range(40)))
    assert answers == [200] * 40


def test_settings_travel_with_the_transaction(client, pooler, published):
    with pooler.connect(published) as other:
        fresh = show_settings(other)
        with client.application.extensions[EXTENSION].open_transaction() as connection:
            assert show_settings(connection) == ["700ms", "700ms", "public", "on"]
        assert show_settings(other) == fresh, "nothing stays in the session that others get"
    assert fresh[:2] == ["0", "0"]


def test_a_slow_query_is_ended(client):
    database = client.application.extensions[EXTENSION]
    with pytest.raises(UnavailableError, match="too long"):
        database.read(lambda connection: connection.execute("select pg_sleep(20)"))
    assert client.get("/zones/41").status_code == 200


LONG_READS: dict[str, bytes | None] = {
    "/v1/reverse?type=city": b"lat,lon\n3.5,3.5\n80,3\n",
    "/v1/search?q=brumle": None,
    "/v1/export?country=AA": None,
    f"/v1/releases/{data.OLD}/changes/{data.NEW}": None,
}


def test_long_reads_of_several_processes_share_sessions(make_client, start_pgbouncer, postgres, published, tmp_path):
    """Each keeps a session until it ends, and leaves nothing in it."""
    direct = make_client(published)
    expected = {
        path: direct.open(path, method="POST" if body else "GET", data=body, content_type="text/csv").data
        for path, body in LONG_READS.items()
    }
    pooler = start_pgbouncer(mode="transaction", size=3, server_round_robin="1")
    environment = {**pooler.environment(published), "EXPORTS_AT_ONCE": "9"}
    with run_server(environment, tmp_path) as server, ThreadPoolExecutor(8) as clients:

        def ask(path: str) -> bytes:
            kind = {"Content-Type": "text/csv"} if LONG_READS[path] else {}
            request = urllib.request.Request(server.url + path, LONG_READS[path], kind)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())

        paths = [*LONG_READS] * 20
        answers = clients.map(ask, paths)
        assert [path for path, body in zip(paths, answers, strict=True) if body != expected[path]] == []
        with postgres.connect(published) as observer:
            running = "select count(*) from pg_locks where locktype = 'advisory' and classid = %s"
            wait_for(lambda: observer.execute(running, (LOCK_CLASS,)).fetchone() == (0,), "all exports end", limit=10)
        for _ in range(6):
            with pooler.connect(published) as session:
                assert show_settings(session)[:2] == ["0", "0"]
                (threshold,) = session.execute(
                    "select current_setting('pg_trgm.similarity_threshold', true)"
                ).fetchone()
                assert threshold in (None, "0.3")  # the extension's default, once it is loaded
    assert "Traceback" not in server.log.read_text()
