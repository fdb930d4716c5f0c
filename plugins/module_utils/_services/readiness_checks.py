# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Checks of module readiness: what the S3 store and the database must be able to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import ServiceError, make_refusal
from .postgres import PostgresServer
from .s3 import S3Store

_QUERY = """
select current_setting('server_version') as version,
       current_setting('server_version_num')::int as number,
       (select extversion from pg_extension where extname = 'postgis') as postgis,
       (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'postgis') as postgis_schema,
       (select default_version from pg_available_extensions where name = 'postgis') as postgis_available,
       has_database_privilege(current_database(), 'CREATE') as can_create,
       coalesce(has_schema_privilege(to_regnamespace('public'), 'CREATE'), false)
         and coalesce(has_schema_privilege(to_regnamespace('public'), 'USAGE'), false) as can_create_in_public,
       to_regnamespace('public') is not null as has_public,
       (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'postgis' and not has_schema_privilege(n.oid, 'USAGE')) as hidden_postgis,
       (select string_agg(format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, current_user), '; ' order by c.relname)
        from pg_class c where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'v')
          and c.relname in ('zones', 'zone_boxes', 'cosmogony_release', 'cosmogony_releases')
          and not pg_has_role(c.relowner, 'USAGE')) as owned_by_others,
       pg_is_in_recovery() as standby,
       pg_database_size(current_database()) as size
"""


def check_bucket(store: S3Store, timeout: float, *, write: bool) -> dict[str, Any]:
    """Check that the bucket can be used with the credentials; with ``write`` also write and delete an object in it.

    Returns:
        What module readiness reports about the store.

    Raises:
        ServiceError: The store is not ready, or there is no bucket and the options require one.
    """
    with store.connect(timeout) as client:
        exists = store.has_bucket(client)
        if not exists and store.options["bucket_required"]:
            raise store.make_error("NoSuchBucket")
        if exists and write:
            store.write_and_delete_probe(client)
    return {
        "bucket": store.bucket,
        "bucket_exists": exists,
        "endpoint": store.url,
        "versions": {"server": store.server},
    }


def check_database(server: PostgresServer, timeout: float) -> dict[str, Any]:
    """Check versions of PostgreSQL and PostGIS and the rights of the user; return what was found.

    Returns:
        What module readiness reports about the database.

    Raises:
        ServiceError: It is not ready, too old, or the user lacks a right that the options require.
    """
    options = server.options
    with server.connect(timeout) as connection:
        row = connection.execute(_QUERY).fetchone()
        geos = _read_geos_version(connection, row)
    if row["standby"]:
        advice = "name the primary server: check postgres.host and postgres.port"
        raise ServiceError("standby", "is a read-only standby", advice)
    if row["number"] < options["minimum_version"] * 10_000:
        raise make_refusal(
            "version_too_old",
            f"version {row['version']} is too old, {options['minimum_version']} is needed",
            "upgrade the server, or name a newer one",
        )
    if options["postgis_version"]:
        _check_postgis(options, row["postgis"], row["postgis_available"])
        _check_geos(options, geos)
    if options["create_schema"]:
        _check_rights(options, row)
    return {
        "host": server.host,
        "port": server.port,
        "database": options["database"],
        "versions": {"postgresql": row["version"], "postgis": row["postgis"]},
        "can_create_schema": row["can_create"] and row["can_create_in_public"],
        "size_bytes": row["size"],
    }


def _check_rights(options: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Refuse a user who may not make schemas and the views in schema public.

    From PostgreSQL 15 on only the owner of a database may create in its schema public:
    https://www.postgresql.org/docs/15/release-15.html
    """
    database, user = options["database"], options["user"]
    lacking = []
    if not row["can_create"]:
        lacking.append(("create schemas", f'GRANT CREATE ON DATABASE "{database}" TO "{user}"'))
    if not row["has_public"]:
        lacking.append(("use schema public, which is not there", f'CREATE SCHEMA public AUTHORIZATION "{user}"'))
    elif not row["can_create_in_public"]:
        lacking.append(("create views in schema public", f'GRANT USAGE, CREATE ON SCHEMA public TO "{user}"'))
    if row["hidden_postgis"]:
        schema = row["hidden_postgis"]
        lacking.append((f"use PostGIS in schema {schema}", f'GRANT USAGE ON SCHEMA {schema} TO "{user}"'))
    if row["owned_by_others"]:
        lacking.append(("replace tables and views of another owner", row["owned_by_others"]))
    if lacking:
        what, cures = zip(*lacking, strict=True)
        raise make_refusal(
            "create_denied",
            f'user "{user}" may not {", nor ".join(what)}',
            f'run {"; ".join(cures)} in database "{database}" as a superuser or the owner',
        )


def _check_postgis(options: Mapping[str, Any], installed: str | None, available: str | None) -> None:
    wanted = options["postgis_version"]
    if installed is None:
        advice = f'run CREATE EXTENSION postgis in database "{options["database"]}" as a superuser'
        if available is None:
            advice = "install PostGIS on the server (Debian: postgresql-NN-postgis-3), then " + advice
        raise make_refusal("postgis_missing", "has no PostGIS", advice)
    if _parse_version(installed) < _parse_version(wanted):
        advice = "run ALTER EXTENSION postgis UPDATE after upgrading PostGIS on the server"
        raise make_refusal("postgis_too_old", f"PostGIS {installed} is too old, {wanted} is needed", advice)


def _read_geos_version(connection: Any, row: Mapping[str, Any]) -> str | None:
    """Return the version of GEOS that PostGIS was compiled with; None if this user cannot ask for it.

    The function is new in PostGIS 3.4: https://postgis.net/docs/PostGIS_GEOS_Compiled_Version.html
    """
    if row["postgis"] is None or row["hidden_postgis"] or _parse_version(row["postgis"]) < (3, 4):
        return None
    query = f"select {row['postgis_schema']}.postgis_geos_compiled_version() as geos"
    return str(connection.execute(query).fetchone()["geos"])


def _check_geos(options: Mapping[str, Any], compiled: str | None) -> None:
    wanted = options["geos_version"]
    if wanted and compiled and _parse_version(compiled) < _parse_version(wanted):
        advice = "install a PostGIS that was compiled with it on the server, such as that of Debian 13"
        raise make_refusal("geos_too_old", f"PostGIS is made with GEOS {compiled}, {wanted} is needed", advice)


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
