# SPDX-License-Identifier: Apache-2.0
"""PgBouncer in transaction mode between the API and PostgreSQL: one session, lent to whoever begins a transaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cosmogony_api.context import EXTENSION
from cosmogony_api.errors import UnavailableError
from services.pgbouncer import PgBouncer

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
