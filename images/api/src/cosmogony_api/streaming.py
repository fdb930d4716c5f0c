# SPDX-License-Identifier: Apache-2.0
"""Answers that are sent while they are read: one long transaction that reads the release's own schema.

It holds no lock on the views of the schema public, so that a publish need not wait for it. A lock on the release's
table zones makes `clean` leave the release alone.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from flask import Response
from psycopg import errors, sql

from cosmogony_api.answers import stream_from_release
from cosmogony_api.context import get_database, get_settings
from cosmogony_api.database import AWAY, Database, Reader
from cosmogony_api.errors import UnavailableError
from cosmogony_api.metrics import INCOMPLETE, LONG_ANSWERS
from cosmogony_api.releases import SelectedRelease, select_prepared_release

_KEEP = sql.SQL("lock table {zones} in access share mode")

log = logging.getLogger("cosmogony_api.streaming")


class LongRead:
    """A transaction that lasts until the answer has been sent, or the client has left.

    Attributes:
        releases: the releases that are read, in the order in which they were named.
        connection: in a transaction that reads them.
    """

    def __init__(self, *named: str | None) -> None:
        """Select the releases that a request names (None: the live one), and begin to read them.

        Raises:
            HTTPException, UnavailableError: as select_prepared_release.
        """
        self._database: Database = get_database()
        self._stack = ExitStack()
        self._end = time.monotonic() + get_settings().stream_seconds
        self.releases, self.connection = self._begin(named)

    @property
    def release(self) -> SelectedRelease:
        """The last release that was named: the one that the answer is of."""
        return self.releases[-1]

    def _begin(self, named: Sequence[str | None]) -> tuple[list[SelectedRelease], Reader]:
        for _ in range(2):
            releases = self._database.read(
                lambda connection: [select_prepared_release(connection, name) for name in named]
            )
            try:
                connection = self._stack.enter_context(self._database.open_transaction())
                self._stack.enter_context(LONG_ANSWERS.track_inprogress())
                with self.closing_on_error():
                    for release in releases:
                        connection.execute(_KEEP.format(zones=release.qualify_table("zones")))
            except errors.UndefinedTable as error:
                log.info("a release was dropped before it was read: %s", error)
            else:
                return releases, connection
        raise UnavailableError(AWAY, cause="releases are dropped again and again before they are read")

    @contextmanager
    def closing_on_error(self) -> Iterator[None]:
        """End the transaction after an error in this block; those of the database become UnavailableErrors."""
        try:
            with self._database.translate_errors():
                yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the transaction."""
        self._stack.close()

    def answer(self, chunks: Iterator[bytes], mimetype: str) -> Response:
        """Make the response of these chunks. An error before the first one becomes an answer with its status.

        After an error in a later one the connection is closed in the middle of the body, so that the client does not
        take it for complete.
        """
        with self.closing_on_error():
            first = next(chunks, b"")
        response = stream_from_release(self._send(first, chunks), self.release, mimetype)
        response.call_on_close(self.close)
        return response

    def _send(self, first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield first
        try:
            with self._database.translate_errors():
                for chunk in chunks:
                    if time.monotonic() > self._end:
                        raise UnavailableError("The answer takes longer than it may")
                    yield chunk
        except GeneratorExit:
            INCOMPLETE.labels("client").inc()
            log.info("the client left before the answer was complete")
            raise
        except Exception as error:
            INCOMPLETE.labels("server").inc()
            log.warning("an answer ends incomplete: %s", error)
            raise BrokenPipeError(errno.EPIPE, "the answer is incomplete") from error
