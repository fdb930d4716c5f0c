# SPDX-License-Identifier: Apache-2.0
"""Privileges: roles that may read public.zones may read every release."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
from psycopg import sql

TABLE_PRIVILEGES = (
    "SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable, "
    "NULL FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = to_regclass(%(name)s) AND a.grantee <> c.relowner "
    "UNION ALL "
    "SELECT CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable, "
    "t.attname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a "
    "WHERE c.oid = to_regclass(%(name)s) AND a.grantee <> c.relowner"
)
VIEW_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "TRIGGER", "TRUNCATE")


class Privilege(NamedTuple):
    """A privilege of a role on a table, or on one of its columns."""

    role: str | None  # None stands for PUBLIC
    kind: str  # name of the privilege in GRANT, such as SELECT
    grantable: bool
    column: str | None


def list_privileges(connection: psycopg.Connection, name: str) -> list[Privilege]:
    """Return the privileges on a table or view that roles other than its owner have."""
    return [Privilege(*row) for row in connection.execute(TABLE_PRIVILEGES, {"name": name}).fetchall()]


def grant_privileges(connection: psycopg.Connection, name: sql.Identifier, privileges: list[Privilege]) -> None:
    """Grant privileges on a view, except those that only tables can have."""
    for privilege in privileges:
        if privilege.kind not in VIEW_PRIVILEGES:
            continue
        kind: sql.Composable = sql.SQL(privilege.kind)
        if privilege.column is not None:
            kind = sql.SQL("{} ({})").format(kind, sql.Identifier(privilege.column))
        connection.execute(
            sql.SQL("GRANT {} ON {} TO {}{}").format(
                kind, name, _to_identifier(privilege.role), sql.SQL(" WITH GRANT OPTION" if privilege.grantable else "")
            )
        )


def grant_schema_to_readers(connection: psycopg.Connection, schema: str) -> None:
    """Grant SELECT on all tables of a release to the roles that may read public.zones."""
    for role in _list_readers(connection):
        for what in ("USAGE ON SCHEMA", "SELECT ON ALL TABLES IN SCHEMA"):
            connection.execute(
                sql.SQL("GRANT {} {} TO {}").format(sql.SQL(what), sql.Identifier(schema), _to_identifier(role))
            )


def grant_view_to_readers(connection: psycopg.Connection, schema: str, view: str) -> None:
    """Grant SELECT on a view to the roles that may read public.zones."""
    for role in _list_readers(connection):
        connection.execute(
            sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(schema, view), _to_identifier(role))
        )


def _list_readers(connection: psycopg.Connection) -> set[str | None]:
    return {
        privilege.role
        for privilege in list_privileges(connection, "public.zones")
        if privilege.kind == "SELECT" and privilege.column is None
    }


def _to_identifier(role: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
