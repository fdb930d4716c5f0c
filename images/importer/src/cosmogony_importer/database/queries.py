# SPDX-License-Identifier: Apache-2.0
"""Rows of queries that always have one."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg

Row = TypeVar("Row")


def fetch_row(cursor: psycopg.Cursor[Row]) -> Row:
    """Return the first row of a query that always has one.

    Raises:
        LookupError: the query has no row, which is a mistake in the program.
    """
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a query that always has a row returned none")
    return row


def fetch_value(cursor: psycopg.Cursor[tuple[Any, ...]]) -> Any:
    """Return the first column of the first row, in the type that psycopg gives it.

    Raises:
        LookupError: the query has no row, which is a mistake in the program.
    """
    return fetch_row(cursor)[0]
