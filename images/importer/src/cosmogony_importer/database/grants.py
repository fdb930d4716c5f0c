# SPDX-License-Identifier: Apache-2.0
"""Rights on what is served: whoever may read public.zones may read every release."""

from __future__ import annotations

import psycopg
from psycopg import sql

TABLE_RIGHTS = (
    "SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable, "
    "NULL FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = to_regclass(%(name)s) AND a.grantee <> c.relowner "
    "UNION ALL "
    "SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable, "
    "t.attname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a "
    "WHERE c.oid = to_regclass(%(name)s) AND a.grantee <> c.relowner"
)
VIEW_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "TRIGGER", "TRUNCATE")

Right = tuple[str | None, str, bool, str | None]


def of_table(connection: psycopg.Connection, name: str) -> list[Right]:
    """Rights that others than the owner have: role (None: everybody), privilege, grantable, column."""
    return [tuple(row) for row in connection.execute(TABLE_RIGHTS, {"name": name}).fetchall()]


def give(connection: psycopg.Connection, name: sql.Identifier, rights: list[Right]) -> None:
    for role, privilege, grantable, column in rights:
        if privilege not in VIEW_PRIVILEGES:
            continue
        what = (
            sql.SQL(privilege)
            if column is None
            else sql.SQL("{} ({})").format(sql.SQL(privilege), sql.Identifier(column))
        )
        connection.execute(
            sql.SQL("GRANT {} ON {} TO {}{}").format(
                what, name, _role(role), sql.SQL(" WITH GRANT OPTION" if grantable else "")
            )
        )


def copy_readers(connection: psycopg.Connection, schema: str) -> None:
    """Let those who may read public.zones read a release by the name of its schema."""
    for role in _readers(connection):
        for what in ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA"):
            connection.execute(sql.SQL("GRANT {} {} TO {}").format(sql.SQL(what), sql.Identifier(schema), _role(role)))


def let_read(connection: psycopg.Connection, *name: str) -> None:
    """Let those who may read public.zones read another view."""
    for role in _readers(connection):
        connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(*name), _role(role)))


def _readers(connection: psycopg.Connection) -> set[str | None]:
    return {
        role
        for role, privilege, _, column in of_table(connection, "public.zones")
        if privilege == "SELECT" and column is None
    }


def _role(role: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
