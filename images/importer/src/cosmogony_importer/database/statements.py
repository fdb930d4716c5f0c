# SPDX-License-Identifier: Apache-2.0
"""The SQL files of the package, their placeholders, and the search path that they need."""

from __future__ import annotations

import re
from importlib import resources

import psycopg
from cosmogony_steps.errors import StepError
from psycopg import sql

from .queries import fetch_value

FOLDER = resources.files("cosmogony_importer") / "sql"
# The oldest that work: ST_CoverageSimplify needs both, https://postgis.net/docs/ST_CoverageSimplify.html
OLDEST_POSTGIS = (3, 4)
OLDEST_GEOS = (3, 12)


def find_postgis_schema(connection: psycopg.Connection) -> str:
    """Return the name of the schema in which the extension PostGIS is installed.

    Raises:
        StepError: the database has no PostGIS, or one that is too old.
    """
    row = connection.execute(
        "SELECT n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = "
        "e.extnamespace WHERE e.extname = 'postgis'"
    ).fetchone()
    if row is None:
        name = connection.info.dbname
        raise StepError(f'database {name} has no PostGIS; run "CREATE EXTENSION postgis" in it as a superuser')
    schema, version = row
    if _parse_version(version) < OLDEST_POSTGIS:
        raise StepError(f"PostGIS {version} is too old; 3.4 or newer is needed for coverage simplification")
    return str(schema)


def check_geos(connection: psycopg.Connection, postgis: str) -> None:
    """Check that PostGIS was compiled with a GEOS that simplifies coverages.

    Args:
        connection: asks the database.
        postgis: schema of the extension.

    Raises:
        StepError: the GEOS is too old.
    """
    query = sql.SQL("SELECT {}()").format(sql.Identifier(postgis, "postgis_geos_compiled_version"))
    version = str(fetch_value(connection.execute(query)))
    if _parse_version(version) < OLDEST_GEOS:
        raise StepError(
            f"PostGIS of the server is made with GEOS {version}; {'.'.join(map(str, OLDEST_GEOS))} or newer is needed "
            "for coverage simplification: install a PostGIS that was compiled with it"
        )


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def read_files(folder: str) -> list[tuple[str, str]]:
    """Return the names and texts of the SQL files of a folder, sorted by name."""
    return sorted(
        (entry.name, entry.read_text()) for entry in (FOLDER / folder).iterdir() if entry.name.endswith(".sql")
    )


def read_statement(path: str, **values: str | int | float | sql.Composable) -> sql.Composed:
    """Return the SQL of a file of the package, with values for its `@name@` placeholders filled in."""
    return fill_placeholders((FOLDER / path).read_text(), **values)


def fill_placeholders(text: str, **values: str | int | float | sql.Composable) -> sql.Composed:
    """Fill in `@name@` placeholders: text becomes a quoted identifier, a number a literal, SQL is not changed.

    Raises:
        KeyError: a placeholder has no value.
    """
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


def set_search_path(connection: psycopg.Connection, *schemas: str) -> None:
    """Set the search path to these schemas, followed by that of PostGIS, until the transaction ends."""
    path = sql.SQL(", ").join(map(sql.Identifier, (*schemas, find_postgis_schema(connection))))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(path))
