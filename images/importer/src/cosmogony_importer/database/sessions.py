# SPDX-License-Identifier: Apache-2.0
"""Connections to PostgreSQL, and the advisory locks that keep two importers apart."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any, TypeVar

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.errors import TerminatedError, TransientError
from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.postgres.database import CONNECT_SECONDS
from psycopg.abc import PQGen
from psycopg.generators import fetch_many
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from .poolers import refuse_transaction_pooler
from .queries import fetch_value

CANCEL_SECONDS = 5.0  # longest time that cancelling a statement may take
LOCK_SECONDS = 600  # longest time that a statement waits for a lock of another session
# keys of advisory locks in one space: separate, so that a long load does not hinder a publish
LOCK_SPACE = 0x636F736D
LOAD, SWITCH, MIGRATE, TILES = 1, 2, 3, 4
LOCK_NAMES = {LOAD: "load", SWITCH: "publish, rollback or clean", MIGRATE: "schema change", TILES: "tile planning"}


Result = TypeVar("Result")


class CancellableConnection(psycopg.Connection[TupleRow]):
    """A connection on which SIGTERM cancels the statement that is running, as psycopg does for KeyboardInterrupt.

    Otherwise the connection would stay busy, and a command could not clean up.
    """

    settings: DatabaseAddress  # address that the connection was opened with

    def wait(self, gen: PQGen[Result], *limits: Any, **named_limits: Any) -> Result:
        """Wait for the server as psycopg does; on SIGTERM cancel the running statement, then raise."""
        try:
            return super().wait(gen, *limits, **named_limits)
        except TerminatedError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                with contextlib.suppress(
                    psycopg.Error
                ):  # the statement was cancelled, or the server did not do that in time
                    self.cancel_safe(timeout=CANCEL_SECONDS)
                    super().wait(gen, *limits, **named_limits)
                    if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # SIGTERM came within `gen`
                        super().wait(fetch_many(self.pgconn), *limits, **named_limits)
            raise


_SETTINGS = (
    "SELECT set_config('client_connection_check_interval', '5s', false),"
    " set_config('client_min_messages', 'warning', false), set_config('lock_timeout', %s, false)"
)
_checked_addresses: set[DatabaseAddress] = set()  # no poolers in transaction mode
_sessions: weakref.WeakSet[CancellableConnection] = weakref.WeakSet()
_sessions_lock = threading.Lock()


def list_open_connections() -> list[CancellableConnection]:
    """Return the open database connections of this process."""
    with _sessions_lock:
        return [session for session in _sessions if not session.closed]


def connect(settings: DatabaseAddress, seconds: float = CONNECT_SECONDS) -> psycopg.Connection:
    """Open a connection that SIGTERM can cancel, trying again while the server cannot be reached.

    Args:
        settings: where the server is, and the role to connect as.
        seconds: how long to try.

    Raises:
        StepError: the server refuses the role, its password or the database, or is a pooler in transaction mode.
        TransientError: the server does not answer in time.
    """
    session = _open(settings, seconds)
    if settings not in _checked_addresses:
        try:
            refuse_transaction_pooler(session, lambda: _open(settings, seconds))
        except BaseException:
            session.close()
            raise
        _checked_addresses.add(settings)
    # Not as parameters of the connection, which poolers refuse in any mode.
    session.execute(_SETTINGS, (f"{LOCK_SECONDS}s",))
    with _sessions_lock:
        _sessions.add(session)
    return session


def _open(settings: DatabaseAddress, seconds: float) -> CancellableConnection:
    session = settings.connect(CancellableConnection, "cosmogony-importer", seconds, autocommit=True)
    session.settings = settings
    return session


@contextlib.contextmanager
def hold_advisory_lock(connection: psycopg.Connection, kind: int, wait: float = 0.0) -> Iterator[None]:
    """Hold an advisory lock while the block runs, so that other importers wait or fail.

    Args:
        connection: the session that holds the lock.
        kind: one of LOAD, SWITCH, MIGRATE and TILES.
        wait: seconds to wait while another importer holds it.

    Raises:
        TransientError: another importer still holds it after that time.
    """
    deadline = time.monotonic() + wait
    announced = False
    while not fetch_value(connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, kind))):
        if time.monotonic() >= deadline:
            raise TransientError(
                f"another importer is busy with {LOCK_NAMES[kind]} ({_describe_holder(connection, kind)}); "
                "run the command again when it is done"
            )
        if not announced:
            log.info(f"waiting for another importer: {LOCK_NAMES[kind]} ({_describe_holder(connection, kind)})")
            announced = True
        heartbeat.beat(f"waiting for another importer: {LOCK_NAMES[kind]}")  # only until the deadline
        time.sleep(0.2)
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, kind))


def _describe_holder(connection: psycopg.Connection, kind: int) -> str:
    row = connection.execute(
        "SELECT a.pid, coalesce(host(a.client_addr), 'local'), a.backend_start::timestamptz(0) "
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
        "AND l.classid = %s AND l.objid = %s AND l.database = (SELECT oid FROM pg_database "
        "WHERE datname = current_database())",
        (LOCK_SPACE, kind),
    ).fetchone()
    return f"process {row[0]} from {row[1]} since {row[2]}" if row else "it just ended"
