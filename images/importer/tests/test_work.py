# SPDX-License-Identifier: Apache-2.0
"""Work that several connections share ends with its first error, whatever the others are at."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from cosmogony_importer.database import parallel, sessions
from cosmogony_steps.errors import TerminatedError
from importer_support.helpers import Importer
from services.connections import find_database

HOURS = "SELECT pg_sleep(7200)"


def test_first_error_cancels_statements_of_other_workers(importer: Importer) -> None:
    asleep = threading.Event()

    def do(connection: psycopg.Connection, item: str) -> None:
        if item == "sleep":
            asleep.set()
            connection.execute(HOURS)
        assert asleep.wait(30)
        while not connection.execute("SELECT 1 FROM pg_stat_activity WHERE query = %s", (HOURS,)).fetchone():
            time.sleep(0.05)
        raise ZeroDivisionError

    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        parallel.process_items(find_database(), ["sleep", "fail"], do, jobs=2)
    assert time.monotonic() - began < 60


def test_every_item_is_done_once(importer: Importer) -> None:
    done: list[int] = []
    parallel.process_items(find_database(), range(100), lambda connection, item: done.append(item), jobs=4)
    assert sorted(done) == list(range(100))


def test_waiting_for_a_lock_has_a_limit(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LOCK_SECONDS", 1)
    settings = find_database()
    with sessions.connect(settings) as holder, sessions.connect(settings) as other:
        holder.execute("CREATE TABLE held ()")
        with holder.transaction():
            holder.execute("LOCK TABLE held")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute("DROP TABLE held")


def test_sigterm_within_the_statement_of_a_session_leaves_it_usable(importer: Importer) -> None:
    """The signal handler may run in any line of psycopg, also in those that send a statement and read its results."""
    with sessions.connect(find_database()) as session:

        def send_and_stop() -> Iterator[None]:
            session.pgconn.send_query(b"SELECT pg_sleep(300)")
            raise TerminatedError("stopped by SIGTERM")
            yield

        with pytest.raises(TerminatedError):
            session.wait(send_and_stop())
        assert session.execute("SELECT 1").fetchone() == (1,)
