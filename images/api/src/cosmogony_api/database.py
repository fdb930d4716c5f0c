# SPDX-License-Identifier: Apache-2.0
"""The connection pool: short read-only transactions, and one kind of error when the database is away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from cosmogony_api.errors import UnavailableError
from cosmogony_api.settings import Settings

Reader = psycopg.Connection[DictRow]
T = TypeVar("T")

AWAY = "The database does not answer"
SLOW = "The database took too long to answer"
UNREADABLE = "The database cannot be read"
KNOWN_DOWN_TIMEOUT = 0.2

# PostGIS may live in a separate schema.
_PREPARE = """
select set_config('statement_timeout', %(ms)s, false), set_config('lock_timeout', %(ms)s, false),
       set_config('search_path', concat_ws(', ', 'public', (
           select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
           where e.extname = 'postgis' and n.nspname <> 'public')), false)
"""

log = logging.getLogger("cosmogony_api.database")


class Database:
    """A pool of read-only connections; a broken one is replaced before it is handed out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._down = False
        self._pool: ConnectionPool[Reader] = ConnectionPool(
            kwargs=connection_arguments(settings),
            connection_class=psycopg.Connection[DictRow],
            configure=self._configure,
            check=ConnectionPool.check_connection,
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.pool_timeout,
            reconnect_timeout=5.0,
            max_lifetime=1800.0,
            open=False,
            name="api",
        )

    def open(self) -> None:
        """Start connecting in the background: a database that is away does not keep the process from starting."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Give all connections back."""
        self._pool.close()

    def _configure(self, connection: Reader) -> None:
        connection.read_only = True
        connection.execute(_PREPARE, {"ms": str(self._settings.statement_timeout_ms)})
        connection.commit()

    def _patience(self) -> float:
        """Wait for a connection, but not in every request once the database is known to be away.

        Else all threads would wait, and the answer to "are you alive" with them.
        """
        return self._settings.pool_timeout if not self._down else KNOWN_DOWN_TIMEOUT

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Hand out a connection inside one read-only transaction; errors of the database become UnavailableError."""
        try:
            with self._pool.connection(timeout=self._patience()) as connection:
                self._down = False
                yield connection
        except errors.UndefinedTable:
            raise
        except PoolTimeout as error:
            self._down = True
            raise UnavailableError(AWAY, cause=str(error)) from error
        except errors.QueryCanceled as error:
            raise UnavailableError(SLOW, cause=_first_line(error)) from error
        except psycopg.OperationalError as error:
            raise UnavailableError(AWAY, cause=_first_line(error)) from error
        except psycopg.Error as error:
            raise UnavailableError(UNREADABLE, cause=f"{type(error).__name__}: {_first_line(error)}") from error

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` in a transaction; once more when a table vanished under it (an old release was dropped)."""
        for attempt in (1, 2):
            try:
                with self.reader() as connection:
                    return work(connection)
            except errors.UndefinedTable as error:
                if attempt == 2:
                    raise UnavailableError(UNREADABLE, cause=_first_line(error)) from error
                log.info("a table vanished while it was read, reading again: %s", _first_line(error))
        raise AssertionError("unreachable")


def connection_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of psycopg.connect; passed one by one, so any character may stand in the password."""
    return {
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.database,
        "user": settings.user,
        "password": settings.password,
        "sslmode": settings.sslmode,
        "connect_timeout": settings.connect_timeout,
        "application_name": "cosmogony-api",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,  # ms
        "row_factory": dict_row,
        "prepare_threshold": None,
    }


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
