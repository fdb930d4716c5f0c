# SPDX-License-Identifier: Apache-2.0
"""Rows of a table as an object: PostgreSQL's binary COPY, compressed, streamed in both directions."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import IO, cast

import psycopg
from cosmogony_steps import heartbeat
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store
from psycopg import sql

_LEVEL = 3  # of gzip: coordinates hardly get smaller with more
_GZIP = 16 + zlib.MAX_WBITS
_BLOCK = 1 << 20


class _CompressedCopy:
    """What COPY TO sends, compressed; a stream with `read`."""

    def __init__(self, copy: psycopg.Copy, activity: str) -> None:
        self._copy, self._activity = copy, activity
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._buffer = bytearray()
        self._ended = False

    def read(self, size: int = -1, /) -> bytes:
        """Return the next compressed bytes, at most `size`; none at the end."""
        while not self._ended and (size < 0 or len(self._buffer) < size):
            heartbeat.beat(self._activity)
            if block := self._copy.read():
                self._buffer += self._compressor.compress(block)
            else:
                self._buffer += self._compressor.flush()
                self._ended = True
        end = len(self._buffer) if size < 0 else size
        taken = bytes(self._buffer[:end])
        del self._buffer[:end]
        return taken


def save_rows(connection: psycopg.Connection, table: sql.Composable, store: Store, key: str) -> int:
    """Write the rows of a table to an object; return their number."""
    statement = sql.SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(table)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            store.upload(key, _CompressedCopy(copy, f"saving {key}"), None, "application/gzip")
        return cursor.rowcount


def restore_rows(connection: psycopg.Connection, table: sql.Composable, store: Store, key: str, rows: int) -> None:
    """Copy the rows of an object into an empty table.

    Raises:
        StepError: the object is damaged, or has another number of rows.
    """
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(table)
    with connection.cursor() as cursor, store.open(key) as stream:
        unpacked = gzip.GzipFile(fileobj=cast(IO[bytes], io.BufferedReader(stream, _BLOCK)))
        with cursor.copy(statement) as copy:
            try:
                while block := unpacked.read(_BLOCK):
                    heartbeat.beat(f"restoring {key}")
                    copy.write(block)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise StepError(f"{key} in {store.where} is damaged ({error}); take another backup") from error
        found = cursor.rowcount
    if found != rows:
        raise StepError(f"{key} in {store.where} has {found} rows instead of {rows}; take another backup")
