# SPDX-License-Identifier: Apache-2.0
"""Signs of life of long statements: COPY, CREATE INDEX and ANALYZE say how far they are in a view of PostgreSQL.

Other statements are silent until they end. What they wait for is kept for the message of a step that stood still, and
is no sign of life: a lock that nobody lets go of is just what the watch is there for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from cosmogony_steps import heartbeat

from ..errors import ImporterError
from ..progress import note
from . import sessions, statements

INTERVAL = 2.0  # seconds between two looks
CLOSING = 10.0  # seconds for the last look to end


@contextmanager
def reported() -> Iterator[None]:
    """Look at the statements of this process while the block runs, if somebody watches the process."""
    if not heartbeat.watched():
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_look_on, args=(stop,), name="database-activity", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(CLOSING)


def _look_on(stop: threading.Event) -> None:
    """Poll every few seconds over a separate connection, which only long commands open."""
    activity = Activity()
    connection: psycopg.Connection | None = None
    seen = True
    while not stop.wait(INTERVAL):
        opened = sessions.opened()
        if not opened:
            continue
        try:
            if connection is None or connection.closed:
                connection = sessions.connect(opened[0].settings, seconds=0)
            activity.look(connection, [one.pid for one in opened])
            seen = True
        except (psycopg.Error, ImporterError) as error:
            if seen:
                note(f"how far the database is cannot be seen: {' '.join(str(error).split())}")
            seen, connection = False, None
    if connection is not None:
        connection.close()


class Activity:
    """What was seen of the statements at the last look."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Any, ...]] = {}

    def look(self, connection: psycopg.Connection, pids: list[int]) -> None:
        """Report what the statements are at and wait for; a sign of life if one has moved since the last look."""
        rows = connection.execute(statements.statement("activity.sql"), {"pids": pids}).fetchall()
        moved = False
        for pid, statement, _, _, phase, done, _ in rows:
            state = (statement, phase, done)
            moved |= phase is not None and self._seen.get(pid) not in (None, state)
            self._seen[pid] = state
        heartbeat.explain("; ".join(_described(*row) for row in rows), moved)


def _described(
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
