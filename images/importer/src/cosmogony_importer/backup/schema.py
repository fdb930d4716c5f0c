# SPDX-License-Identifier: Apache-2.0
"""The tables in the schema of a release: how they are described, and made again from the description.

PostgreSQL itself writes the definitions, so tables of later versions need no change here. pg_dump would do the same,
but refuses servers that are newer than itself.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ..database import statements
from ..database.queries import fetch_value
from ..load import lookups

# Names of types are written without their schema, because it is in the search path of the restored tables, too.
_RELATIONS = """
SELECT c.relname AS name, c.relkind::text AS kind,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
       ARRAY(SELECT json_build_object(
                 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
                 'storage', a.attstorage::text,
                 'default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                             WHERE d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''))
             FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS columns,
       ARRAY(SELECT json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid))
             FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'x', 'f')
             ORDER BY k.contype = 'f', k.conname) AS constraints,
       ARRAY(SELECT pg_get_indexdef(i.indexrelid)
             FROM pg_index i WHERE i.indrelid = c.oid
               AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = c.oid)
             ORDER BY i.indexrelid) AS indexes
FROM pg_class c
WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'v', 'm')
ORDER BY c.oid
"""
_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}

Relation = dict[str, Any]


def describe_relations(connection: psycopg.Connection, schema: str) -> list[Relation]:
    """Return the tables and views of a schema in the order in which they were made."""
    statements.set_search_path(connection, schema)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_RELATIONS, (f'"{schema}"',)).fetchall()


def has_search_functions(connection: psycopg.Connection, schema: str) -> bool:
    """Return whether a release has the functions that search it, which releases of earlier versions lack."""
    query = "SELECT EXISTS (SELECT FROM pg_proc WHERE pronamespace = %s::regnamespace)"
    return bool(fetch_value(connection.execute(query, (f'"{schema}"',))))


def create_bare_table(connection: psycopg.Connection, table: Relation) -> None:
    """Create a table without its constraints and indexes, in the first schema of the search path."""
    name = sql.Identifier(table["name"])
    columns = [
        sql.SQL(" ").join(
            [
                sql.Identifier(column["name"]),
                sql.SQL(column["type"]),
                *([sql.SQL("DEFAULT " + column["default"])] if column["default"] else []),
                *([sql.SQL("NOT NULL")] if column["required"] else []),
            ]
        )
        for column in table["columns"]
    ]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(columns)))
    for column in table["columns"]:
        if column["storage"] != "p":
            change = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE {}")
            storage = sql.SQL(_STORAGE[column["storage"]])
            connection.execute(change.format(name, sql.Identifier(column["name"]), storage))


def create_view_or_complete_table(connection: psycopg.Connection, relation: Relation) -> None:
    """Create a view, or what a filled table lacks: constraints, indexes, statistics of the planner."""
    name = sql.Identifier(relation["name"])
    if relation["kind"] != "r":
        kind = sql.SQL("MATERIALIZED VIEW" if relation["kind"] == "m" else "VIEW")
        connection.execute(sql.SQL("CREATE {} {} AS {}").format(kind, name, sql.SQL(relation["definition"])))
    for constraint in relation["constraints"]:
        change = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
        definition = sql.SQL(constraint["definition"])
        connection.execute(change.format(name, sql.Identifier(constraint["name"]), definition))
    for index in relation["indexes"]:
        if "gin_trgm_ops" not in index:
            connection.execute(sql.SQL(index))
        elif trigrams := lookups.create_or_find_trigram_extension(connection):
            connection.execute(statements.read_statement("release/trigram_index.sql", trigrams=trigrams))
    if relation["kind"] != "v":
        connection.execute(sql.SQL("ANALYZE {}").format(name))
