# SPDX-License-Identifier: Apache-2.0
"""Signs of life of long statements: PostgreSQL reports the progress of COPY, CREATE INDEX and ANALYZE in views.

Other statements report nothing until they end. What they wait for is shown in the message of a step that stalls. It is
not a sign of life: a lock that is never released is exactly what the stall watch is for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.errors import StepError

from . import sessions, statements

INTERVAL = 2.0  # seconds between two polls of the statements
CLOSING = 10.0  # seconds that the last poll may take to end


@contextmanager
def report_statement_progress() -> Iterator[None]:
    """Report progress of the SQL statements of this process as signs of life while the block runs, if it is watched."""
    if not heartbeat.is_watched():
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_poll_statements, args=(stop,), name="database-activity", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(CLOSING)


def _poll_statements(stop: threading.Event) -> None:
    """Ask every few seconds what the statements do, over a separate connection that the first poll opens."""
    activity = StatementMonitor()
    connection: psycopg.Connection | None = None
    is_reported = False
    while not stop.wait(INTERVAL):
        if not (opened := sessions.list_open_connections()):
            continue
        try:
            connection = connection or sessions.connect(opened[0].settings, seconds=0)
            activity.poll(connection, [session.info.backend_pid for session in opened])
            is_reported = False
        except (psycopg.Error, StepError) as error:
            if not is_reported:
                log.info(f"the progress of the database cannot be read: {' '.join(str(error).split())}")
            is_reported, connection = True, None
    if connection is not None:
        connection.close()


class StatementMonitor:
    """Compares the SQL statements of some sessions with those of the last poll."""

    def __init__(self) -> None:
        self._states: dict[int, tuple[str, str | None, int | None]] = {}

    def poll(self, connection: psycopg.Connection, pids: list[int]) -> None:
        """Record what the statements of these server processes do and wait for; a sign of life if they progressed.

        It is a sign of life if one of them has advanced since the last poll.
        """
        rows = connection.execute(statements.read_statement("activity.sql"), {"pids": pids}).fetchall()
        moved = False
        for pid, statement, _, _, phase, done, _ in rows:
            state = (statement, phase, done)
            moved |= phase is not None and self._states.get(pid) not in (None, state)
            self._states[pid] = state
        heartbeat.record_activity_detail("; ".join(_describe(*row) for row in rows), moved)


def _describe(
    pid: int,
    statement: str,
    waits: str | None,
    blockers: list[int],
    phase: str | None,
    done: int | None,
    total: int | None,
) -> str:
    text = f"PostgreSQL process {pid} runs {statement}"
    if phase is not None:
        text += f" ({phase}): {done}" + (f" of {total}" if total else "")
    if waits:
        text += f", waits for {waits}"
    if blockers:
        text += f" that process {', '.join(map(str, blockers))} holds"
    return text
