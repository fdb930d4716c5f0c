# SPDX-License-Identifier: Apache-2.0
"""Pool of connections to PostgreSQL, for read-only transactions.

Whatever keeps the database from being read becomes an UnavailableError. Nothing is set for a session: timeouts and
search path are set in each transaction, so that the connections may be those of a transaction pooler such as PgBouncer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from cosmogony_api.errors import UnavailableError
from cosmogony_api.settings import Settings

Row: TypeAlias = DictRow
T = TypeVar("T")

AWAY = "The database does not answer"
SLOW = "The database took too long to answer"
UNREADABLE = "The database cannot be read"
KNOWN_DOWN_TIMEOUT_SECONDS = 0.2

# One message, none of whose statements needs a plan.
_BEGIN = sql.SQL("""
begin transaction read only;
set local statement_timeout = {ms};
set local lock_timeout = {ms};
set local search_path = {path}
""")
_SET_SEARCH_PATH = sql.SQL("set local search_path = {path}")
# PostGIS may be in another schema than public.
_LEARN = """
select to_regclass('public.cosmogony_release') is not null as has_catalog,
       array(select n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace
             where e.extname = 'postgis' and n.nspname <> 'public') as schemas
"""

log = logging.getLogger("cosmogony_api.database")


class Reader(psycopg.Connection[Row]):
    """A connection in a read-only transaction, and what is known of its database.

    Attributes:
        has_catalog: whether the importer's catalog of releases was there when a transaction began. It never goes away.
        complete_releases: ids of releases that were found to have all tables; they keep them.
    """

    has_catalog = False
    complete_releases: frozenset[str] = frozenset()
    _search_path: sql.Composable = sql.Identifier("public")

    def begin(self, timeout_ms: int) -> None:
        """Begin a transaction; without a catalog, look whether there is one by now."""
        self.execute(_BEGIN.format(ms=sql.Literal(timeout_ms), path=self._search_path))
        if self.has_catalog:
            return
        known = self.execute(_LEARN).fetchone() or {"has_catalog": False, "schemas": []}
        self.has_catalog = known["has_catalog"]
        self._search_path = sql.SQL(", ").join(map(sql.Identifier, ("public", *known["schemas"])))
        self.execute(_SET_SEARCH_PATH.format(path=self._search_path))


class Database:
    """A pool of connections for reading; a broken one is replaced before it is used."""

    def __init__(self, settings: Settings) -> None:
        self._down = False
        self._timeout_ms = settings.statement_timeout_ms
        self._pool_timeout = settings.pool_timeout
        self._pool: ConnectionPool[Reader] = ConnectionPool(
            kwargs=make_connection_arguments(settings),
            connection_class=Reader,
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.pool_timeout,
            reconnect_timeout=5.0,
            max_lifetime=1800.0,
            open=False,
            name="api",
        )
        self._attempts = settings.pool_size + 1

    def open(self) -> None:
        """Start to connect in the background, so that the process starts without the database too."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    @contextmanager
    def open_transaction(self) -> Iterator[Reader]:
        """Open a read-only transaction; errors of the database become UnavailableError, except UndefinedTable."""
        with self.translate_errors():
            connection = self._take_connection()
            try:
                yield connection
            finally:
                _end_transaction(connection)
                self._pool.putconn(connection)

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Make errors of the database UnavailableErrors, except UndefinedTable: a release was dropped meanwhile."""
        try:
            yield
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
        """Return what a function reads in a transaction; call it again if an old release was dropped meanwhile."""
        for attempt in (1, 2):
            try:
                with self.open_transaction() as connection:
                    return work(connection)
            except errors.UndefinedTable as error:
                if attempt == 2:
                    raise UnavailableError(UNREADABLE, cause=_first_line(error)) from error
                log.info("a table vanished while it was read, reading again: %s", _first_line(error))
        raise AssertionError("unreachable")

    def _take_connection(self) -> Reader:
        """Return a connection in a new transaction; those that the server closed meanwhile are replaced."""
        for attempt in range(self._attempts):
            # If every request waited for a database that is known to be away, all threads would be taken, and the
            # liveness probe would fail.
            timeout = self._pool_timeout if not self._down else KNOWN_DOWN_TIMEOUT_SECONDS
            connection = self._pool.getconn(timeout=timeout)
            try:
                connection.begin(self._timeout_ms)
            except BaseException as error:
                _end_transaction(connection)
                self._pool.putconn(connection)
                if isinstance(error, psycopg.OperationalError) and connection.closed and attempt < self._attempts - 1:
                    continue
                raise
            self._down = False
            return connection
        raise AssertionError("unreachable")


def make_connection_arguments(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments of psycopg.connect; unlike a URL, they take a password with any character."""
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
        "tcp_user_timeout": 30_000,  # milliseconds
        "row_factory": dict_row,
        "prepare_threshold": None,
        "autocommit": True,  # transactions are begun and ended here
    }


def _end_transaction(connection: Reader) -> None:
    """End the transaction of a connection; nothing was written, so that it makes no difference how."""
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
        connection.close()  # a query is running that nobody waits for
    if connection.closed or connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        return
    try:
        connection.execute("rollback")
    except psycopg.Error:
        connection.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
