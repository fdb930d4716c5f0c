# SPDX-License-Identifier: Apache-2.0
"""Long statements as signs of life, and an import that hangs in one that gives none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from cosmogony_importer.database import sessions
from cosmogony_importer.database.statement_progress import INTERVAL, StatementMonitor
from cosmogony_steps import heartbeat
from importer_support.helpers import Importer, Zones
from services.connections import find_database

SCRIPT = Path(__file__).parents[1] / "import.py"
LONG = 60  # seconds until a test gives up


@pytest.fixture
def pages(importer: Importer) -> None:
    """A table with a row in each page, whose statements can be made slow."""
    with importer.connect() as connection:
        connection.execute(
            "CREATE TABLE pages (number integer, filling text); ALTER TABLE pages ALTER filling SET STORAGE PLAIN; "
            "INSERT INTO pages SELECT n, repeat('x', 5000) FROM generate_series(1, 400) AS n; "
            "CREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.02); RETURN $1; END $$"
        )


@contextmanager
def running(statement: str) -> Iterator[int]:
    """A connection of this process that is at a statement; cancelled in the end."""
    connection = sessions.connect(find_database())
    connection.execute("SET vacuum_cost_limit = 1; SET vacuum_cost_delay = '50ms'")  # ANALYZE minds them

    def run() -> None:
        with connection, suppress(psycopg.errors.QueryCanceled):
            connection.execute(statement)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield connection.info.backend_pid
    finally:
        connection.cancel_safe(timeout=10)
        thread.join(LONG)


def look_until(connection: psycopg.Connection, pid: int, enough: Callable[[], bool]) -> None:
    activity = StatementMonitor()
    deadline = time.monotonic() + LONG
    while not enough():
        assert time.monotonic() < deadline
        activity.poll(connection, [pid])
        time.sleep(0.02)


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        (
            "CREATE INDEX ON pages (slow(number))",
            "CREATE INDEX ON pages (slow(number)) (building index: scanning table): ",
        ),
        ("ANALYZE pages", "ANALYZE pages (acquiring sample rows): "),
        ("COPY (SELECT slow(number) FROM pages) TO '/dev/null'", "TO '/dev/null' (FILE): "),
    ],
)
def test_progress_of_a_statement_is_a_sign_of_life(importer: Importer, statement: str, seen: str) -> None:
    before = heartbeat.read_beat_count()
    with running(statement) as pid, importer.connect() as connection:
        look_until(connection, pid, lambda: heartbeat.read_beat_count() >= before + 3)
        assert seen in heartbeat.describe_last_beat()


@pytest.mark.usefixtures("pages")
def test_waiting_for_a_lock_is_explained_but_no_sign_of_life(importer: Importer) -> None:
    before = heartbeat.read_beat_count()
    with importer.connect() as holder, importer.connect() as connection:
        holder.autocommit = False
        holder.execute("LOCK pages")
        with running("CREATE INDEX ON pages (number)") as pid:
            holding = f"waits for Lock relation that process {holder.info.backend_pid} holds"
            look_until(connection, pid, lambda: holding in heartbeat.describe_last_beat())
            assert heartbeat.read_beat_count() == before


def test_hanging_import_ends_as_transient_and_can_be_repeated(importer: Importer, zones: Zones) -> None:
    """Its lock is one that nobody lets go of."""
    path = zones.grid(size=2)
    stall = 5 * INTERVAL
    with importer.connect() as holder:
        importer.run("init")
        holder.autocommit = False
        holder.execute("LOCK cosmogony_catalog.releases")
        step = subprocess.run(
            [sys.executable, str(SCRIPT), "import_data", str(path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "STALL_SECONDS": f"{stall:g}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG,
        )
        assert step.returncode == 75, step.stderr
        assert f"import_data: no progress for {stall:g} s" in step.stderr
        assert f"waits for Lock relation that process {holder.info.backend_pid} holds" in step.stderr
        assert 'commands/import_data.py", line' in step.stderr
        holder.rollback()
    importer.run("import_data", path)


def test_import_stopped_by_sigterm_can_be_repeated(importer: Importer, zones: Zones) -> None:
    with importer.connect() as holder:
        importer.run("init")
        holder.autocommit = False
        holder.execute("LOCK cosmogony_catalog.releases")
        step = subprocess.Popen(
            [sys.executable, str(SCRIPT), "import_data", str(zones.grid(size=2))],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + LONG
        with importer.connect() as connection:
            while not connection.execute(waiting).fetchone()[0]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        step.send_signal(signal.SIGTERM)
        said = step.communicate(timeout=LONG)[1]
        assert (step.returncode, "import_data: stopped by SIGTERM" in said) == (75, True), said
