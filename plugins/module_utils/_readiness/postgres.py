# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Asks a PostgreSQL server for what the stack needs: a query answered, PostGIS, the right to create schemas."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from .backend import NotReadyError, refused

EXISTING = "of the Secret that cosmogony_database_existing_secret names"
ADDRESS = "cosmogony_database_host_from_controller or cosmogony_database_host, and cosmogony_database_port"

_QUERY = """
select current_setting('server_version') as version,
       current_setting('server_version_num')::int as number,
       (select extversion from pg_extension where extname = 'postgis') as postgis,
       (select default_version from pg_available_extensions where name = 'postgis') as postgis_available,
       has_database_privilege(current_database(), 'CREATE') as can_create,
       pg_is_in_recovery() as standby,
       pg_database_size(current_database()) as size
"""

# Server messages in which waiting helps, then those in which it does not: pattern, reason, cause, next step.
# {database} and {user} are filled in.
_LATER = re.compile(
    r"starting up|shutting down|recovery mode|not yet accepting connections|too many (?:clients|connections)"
    r"|remaining connection slots|terminating connection"
)
_REFUSALS = (
    (
        re.compile(r"password authentication failed|no password supplied|empty password|SCRAM|role .* does not exist"),
        "password_refused",
        'user "{user}" or its password refused',
        f"check cosmogony_database_user and cosmogony_database_password, or keys user and password {EXISTING}",
    ),
    (
        re.compile(r"database .* does not exist"),
        "database_missing",
        'database "{database}" does not exist',
        "create it (CREATE DATABASE ... OWNER ...), or correct cosmogony_database_name",
    ),
    (
        re.compile(r"no pg_hba\.conf entry|pg_hba\.conf rejects"),
        "address_refused",
        'this address may not connect as user "{user}"',
        "allow it in pg_hba.conf, with or without TLS as cosmogony_database_sslmode says",
    ),
    (
        re.compile(r"permission denied for database|not permitted to log in"),
        "access_denied",
        'user "{user}" may not connect to database "{database}"',
        "grant it CONNECT and LOGIN",
    ),
    (
        re.compile(r"server does not support SSL|certificate|root\.crt|SSL error|ssl.* required|requires SSL", re.I),
        "tls_refused",
        "TLS refused",
        "correct cosmogony_database_sslmode, or give the CA that signed the server's certificate (ca_path)",
    ),
    (
        re.compile(r"invalid (?:sslmode|port|connection option)|invalid .* value"),
        "setting_refused",
        "a setting is refused",
        "correct the settings cosmogony_database_*",
    ),
)

Tunnel = Callable[[], AbstractContextManager[tuple[str, int]]]


class PostgresProbe:
    """Asks one server; call it with the seconds that an attempt may take."""

    def __init__(self, options: dict[str, Any], *, tunnel: Tunnel | None = None) -> None:
        self.options = options
        self.tunnel = tunnel

    @property
    def host(self) -> str:
        """Host as the user gave it, or the Service's name."""
        service = self.options["service"]
        if self.options["host"] or not service:
            return str(self.options["host"])
        return f"{service['name']}.{service['namespace']}.svc"

    @property
    def port(self) -> int:
        """Port as the user gave it, or the Service's."""
        return int((self.options["service"] or {}).get("port") or self.options["port"])

    @property
    def subject(self) -> str:
        """What error messages begin with."""
        return f"PostgreSQL {self.host}:{self.port}, database {self.options['database']}"

    def __call__(self, budget: float) -> dict[str, Any]:
        """Ask once; return facts or raise NotReadyError."""
        if self.tunnel is None:
            return self._ask({"host": self.host, "port": self.port}, budget)
        with self.tunnel() as (address, port):
            # The name stays that of the server, so that its certificate can be checked.
            return self._ask({"host": self.host, "hostaddr": address, "port": port}, budget)

    def _ask(self, where: dict[str, Any], budget: float) -> dict[str, Any]:
        import psycopg
        from psycopg.rows import dict_row

        options = self.options
        more = {"sslrootcert": options["ca_path"]} if options["ca_path"] else {}
        try:
            with psycopg.connect(
                **where,
                **more,
                dbname=options["database"],
                user=options["user"],
                password=options["password"],
                sslmode=options["sslmode"],
                connect_timeout=max(2, round(budget)),
                tcp_user_timeout=round(budget * 1000),
                application_name="cosmogony-readiness",
                autocommit=True,
                row_factory=dict_row,
            ) as connection:
                connection.execute("select set_config('statement_timeout', %s, false)", (str(round(budget * 1000)),))
                row = connection.execute(_QUERY).fetchone() or {}
        except psycopg.Error as error:
            raise self._judge(error) from error
        return self._facts(row)

    def _facts(self, row: dict[str, Any]) -> dict[str, Any]:
        options, name = self.options, self.options["database"]
        if row["standby"]:
            raise NotReadyError("standby", "is a read-only standby", f"name the primary server: check {ADDRESS}")
        if row["number"] < options["minimum_version"] * 10_000:
            raise refused(
                "version_too_old",
                f"version {row['version']} is too old, {options['minimum_version']} is needed",
                "upgrade the server, or name a newer one",
            )
        if options["postgis_version"]:
            self._postgis(row["postgis"], row["postgis_available"])
        if options["create_schema"] and not row["can_create"]:
            raise refused(
                "create_denied",
                f'user "{options["user"]}" may not create schemas',
                f'run GRANT CREATE ON DATABASE "{name}" TO "{options["user"]}" as its owner',
            )
        return {
            "host": self.host,
            "port": self.port,
            "database": name,
            "versions": {"postgresql": row["version"], "postgis": row["postgis"]},
            "can_create_schema": row["can_create"],
            "size_bytes": row["size"],
        }

    def _postgis(self, installed: str | None, available: str | None) -> None:
        wanted, name = self.options["postgis_version"], self.options["database"]
        if installed is None:
            advice = f'run CREATE EXTENSION postgis in database "{name}" as a superuser'
            if available is None:
                advice = "install PostGIS on the server (Debian: postgresql-NN-postgis-3), then " + advice
            raise refused("postgis_missing", "has no PostGIS", advice)
        if numbers(installed) < numbers(wanted):
            advice = "run ALTER EXTENSION postgis UPDATE after upgrading PostGIS on the server"
            raise refused("postgis_too_old", f"PostGIS {installed} is too old, {wanted} is needed", advice)

    def _judge(self, error: Exception) -> NotReadyError:
        text = " ".join(str(error).split())
        filled = {"user": self.options["user"], "database": self.options["database"]}
        if _LATER.search(text):
            return NotReadyError(
                "starting", f"does not take connections yet ({brief(text)})", "look at the server's log"
            )
        for pattern, reason, cause, advice in _REFUSALS:
            if pattern.search(text):
                return refused(reason, f"{cause.format(**filled)} ({brief(text)})", advice)
        # A server that answers FATAL has been reached; what it objects to stays so.
        if "FATAL:" in text:
            return refused("refused", f"refused ({brief(text)})", "check the settings cosmogony_database_*")
        cause = f"cannot be reached from the controller ({brief(text)})"
        return NotReadyError("unreachable", cause, f"check that it runs, and {ADDRESS}")


def brief(text: str) -> str:
    """Return what libpq says without the address that it repeats."""
    text = re.sub(r"^connection (?:failed|is bad): ", "", text)
    text = re.sub(r"connection to server (?:at|on) .*?(?:port \d+|\") failed: ", "", text)
    text = re.sub(r"\s*Is the server running .*\?", "", text)
    text = re.sub(r"\s*(?:Multiple connection attempts failed|- host: ).*", "", text)
    return text.replace("FATAL: ", "").strip()[:200] or "no reason given"


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
