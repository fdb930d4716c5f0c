# SPDX-License-Identifier: Apache-2.0
"""The SQL files of the package, and where the names in them are found."""

from __future__ import annotations

import re
from importlib import resources

import psycopg
from psycopg import sql

from ..errors import ImporterError

FOLDER = resources.files("cosmogony_importer") / "sql"


def postgis_schema(connection: psycopg.Connection) -> str:
    row = connection.execute(
        "SELECT n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = "
        "e.extnamespace WHERE e.extname = 'postgis'"
    ).fetchone()
    if row is None:
        name = connection.info.dbname
        raise ImporterError(f'database {name} has no PostGIS; run "CREATE EXTENSION postgis" in it as a superuser')
    if tuple(int(part) for part in row[1].split(".")[:2]) < (3, 4):
        raise ImporterError(f"PostGIS {row[1]} is too old; 3.4 or newer is needed for coverage simplification")
    return row[0]


def files(folder: str) -> list[tuple[str, str]]:
    """The SQL files of a folder by name."""
    base = FOLDER / folder
    return sorted((entry.name, entry.read_text()) for entry in base.iterdir() if entry.name.endswith(".sql"))


def statement(path: str, **values: str | int | float | sql.Composable) -> sql.Composed:
    """An SQL file with its @name@ placeholders filled in: text as a quoted identifier, numbers as they are."""
    return fill((FOLDER / path).read_text(), **values)


def fill(text: str, **values: str | int | float | sql.Composable) -> sql.Composed:
    parts: list[sql.Composable] = []
    for index, part in enumerate(re.split(r"@([a-z_]+)@", text)):
        if index % 2 == 0:
            parts.append(sql.SQL(part))
            continue
        value = values[part]
        if isinstance(value, sql.Composable):
            parts.append(value)
        else:
            parts.append(sql.Identifier(value) if isinstance(value, str) else sql.Literal(value))
    return sql.Composed(parts)


def search_path(connection: psycopg.Connection, *schemas: str) -> None:
    """Set where unqualified names are found, until the transaction ends."""
    connection.execute(
        sql.SQL("SET LOCAL search_path = {}").format(sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas))
    )
