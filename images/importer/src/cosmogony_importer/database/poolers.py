# SPDX-License-Identifier: Apache-2.0
"""Recognise a pooler in transaction mode, such as PgBouncer: it does not keep the sessions that the importer needs.

Advisory locks, settings and temporary tables belong to a session. A pooler in transaction mode gives each transaction
another session, so that they would vanish, or stay with somebody else's.
"""

from __future__ import annotations

import select
from collections.abc import Callable

import psycopg
from cosmogony_steps.errors import StepError

from .queries import fetch_value

BACKEND = "SELECT pg_backend_pid()"
LOOKS = 3  # with several free sessions a pooler may give the same one twice
WAIT_SECONDS = 0.5  # a pooler in session mode may have no second session to give

OpenConnection = Callable[[], psycopg.Connection]


def refuse_transaction_pooler(connection: psycopg.Connection, open_connection: OpenConnection) -> None:
    """Refuse a connection whose transactions do not share one session.

    Args:
        connection: in autocommit mode, without a transaction.
        open_connection: opens another one to the same place.

    Raises:
        StepError: it leads to a pooler in transaction mode.
    """
    first = fetch_value(connection.execute(BACKEND))
    # A pooler numbers its connections, a server by their processes: https://www.pgbouncer.org/usage.html
    if first == connection.info.backend_pid:
        return
    backends = {first, *(fetch_value(connection.execute(BACKEND)) for _look in range(LOOKS))}
    if len(backends) == 1 and not _is_shared(backends, open_connection):
        return  # a pooler in session mode: each client keeps its session
    info = connection.info
    raise StepError(
        f"PostgreSQL {info.host}:{info.port}/{info.dbname} is a connection pooler in transaction mode, which the"
        " importer cannot use, because its locks and settings belong to a session; name the server itself in"
        " database.host and database.port, or a pooler in session mode"
    )


def _is_shared(backends: set[int], open_connection: OpenConnection) -> bool:
    """Return whether another connection is given a session of these, which an idle client has left to the pooler."""
    with open_connection() as other:
        other.pgconn.send_query(BACKEND.encode())
        answers, _writable, _failed = select.select([other.pgconn.socket], [], [], WAIT_SECONDS)
        if not answers:
            other.close()  # the pooler has no free session for this connection
            return False
        result = other.pgconn.get_result()
        value = result.get_value(0, 0) if result and result.ntuples else None
        while other.pgconn.get_result():
            pass  # reads the answer to its end, so that the connection can be closed
        return value is not None and int(value) in backends
