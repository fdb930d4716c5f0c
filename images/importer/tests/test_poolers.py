# SPDX-License-Identifier: Apache-2.0
"""A pooler in front of the database: PgBouncer in its modes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from cosmogony_importer.database import sessions
from importer_support.helpers import Importer, Zones, grid
from services.connections import find_database
from services.pgbouncer import PgBouncer

CONNECT_SECONDS = 9  # so long a server that is away is asked, and a pooler without a free session lets wait

StartPgBouncer = Callable[..., PgBouncer]


@pytest.fixture(autouse=True)
def forget_addresses() -> None:
    sessions._checked_addresses.clear()


@pytest.mark.parametrize(
    "options",
    [
        {"size": 1},
        {"size": 5, "server_round_robin": "1"},
        {"size": 5},
        {"size": 1, "mode": "statement"},
        {"size": 1, "ignore_startup_parameters": "options,extra_float_digits"},
    ],
)
def test_transaction_pooler_is_refused_at_once(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, start_pgbouncer: StartPgBouncer, options: dict[str, object]
) -> None:
    pooler = start_pgbouncer(**options)
    monkeypatch.setenv("POSTGRES_PORT", str(pooler.port))
    open_sessions = [pooler.connect(importer.database) for _client in range(3)]
    began = time.monotonic()
    said = importer.run("init", code=1)
    assert time.monotonic() - began < CONNECT_SECONDS  # did not try again and again
    assert "is a connection pooler in transaction mode" in said
    assert "name the server itself in database.host and database.port" in said
    for session in open_sessions:
        session.close()
    # Nothing of the importer stays in the sessions that others get.
    with pooler.connect(importer.database) as other:
        (timeout,) = other.execute("SHOW lock_timeout").fetchone() or ("",)
        assert timeout == "0"


@pytest.mark.parametrize("size", [1, 9])
def test_session_pooler_is_a_server_like_others(
    importer: Importer, zones: Zones, monkeypatch: pytest.MonkeyPatch, start_pgbouncer: StartPgBouncer, size: int
) -> None:
    pooler = start_pgbouncer(mode="session", size=size)
    monkeypatch.setenv("POSTGRES_PORT", str(pooler.port))
    began = time.monotonic()
    importer.run("init")
    assert time.monotonic() - began < CONNECT_SECONDS  # did not wait for a second session
    if size > 1:  # loading takes several sessions at a time
        importer.load(zones.write(grid(2)))


def test_settings_of_a_session(importer: Importer) -> None:
    with sessions.connect(find_database()) as connection:
        found = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("client_connection_check_interval", "client_min_messages", "lock_timeout")
        ]
    assert found == [("5s",), ("warning",), ("10min",)]
