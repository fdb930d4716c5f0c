# SPDX-License-Identifier: Apache-2.0
"""Results of queries that always return a row."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg

Row = TypeVar("Row")


def fetch_row(cursor: psycopg.Cursor[Row]) -> Row:
    """Return the first row of a query that always returns one.

    Raises:
        LookupError: the query returned no row, which is a bug.
    """
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a query that always returns a row returned none")
    return row


def fetch_value(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Any:
    """Return the first column of the first row of a query that always returns one.

    Raises:
        LookupError: the query returned no row, which is a bug.
    """
    return fetch_row(cursor)[0]
