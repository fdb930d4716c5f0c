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
       (select default_version from pg_available_extensions where name = 'postgis') as postgis_available,
       has_database_privilege(current_database(), 'CREATE') as can_create,
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
    if options["create_schema"] and not row["can_create"]:
        raise make_refusal(
            "create_denied",
            f'user "{options["user"]}" may not create schemas',
            f'run GRANT CREATE ON DATABASE "{options["database"]}" TO "{options["user"]}" as its owner',
        )
    return {
        "host": server.host,
        "port": server.port,
        "database": options["database"],
        "versions": {"postgresql": row["version"], "postgis": row["postgis"]},
        "can_create_schema": row["can_create"],
        "size_bytes": row["size"],
    }


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


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
