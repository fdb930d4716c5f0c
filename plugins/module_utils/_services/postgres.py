# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A connection to a PostgreSQL database, whose errors say what is wrong and what to do next."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .errors import ServiceError, make_refusal
from .options import locate_credential
from .portforward import forward_to_service

SECRET_OPTIONS = ("user", "password")
QUERY_CANCELED = "57014"

# Errors of the server that waiting can end, then those that it cannot: pattern, reason, cause, next step.
# {database}, {user} and the places of the credentials are filled in.
_LATER = re.compile(
    r"starting up|shutting down|recovery mode|not yet accepting connections|too many (?:clients|connections)"
    r"|remaining connection slots|terminating connection"
)
_REFUSALS = (
    (
        re.compile(r"password authentication failed|no password supplied|empty password|SCRAM|role .* does not exist"),
        "password_refused",
        'user "{user}" or its password refused',
        "check {user_option} and {password_option}",
    ),
    (
        re.compile(r"database .* does not exist"),
        "database_missing",
        'database "{database}" does not exist',
        "create it (CREATE DATABASE ... OWNER ...), or correct postgres.database",
    ),
    (
        re.compile(r"no pg_hba\.conf entry|pg_hba\.conf rejects"),
        "address_refused",
        'this address may not connect as user "{user}"',
        "allow it in pg_hba.conf, with or without TLS as postgres.sslmode says",
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
        "correct postgres.sslmode, or give the CA that signed the server's certificate (postgres.ca_path)",
    ),
    (
        re.compile(r"invalid (?:sslmode|port|connection option)|invalid .* value"),
        "setting_refused",
        "an option is refused",
        "correct the options of postgres",
    ),
)


class PostgresServer:
    """One database, reached directly or through the port-forward of the Kubernetes API server."""

    def __init__(self, options: Mapping[str, Any], api: Any = None) -> None:
        """Take the suboptions of ``postgres``; ``api`` is needed where they name a Service."""
        self.options = options
        self._api = api

    @property
    def host(self) -> str:
        """Host as the option names it, or the DNS name of the Service."""
        service = self.options["service"]
        if self.options["host"] or not service:
            return str(self.options["host"])
        return f"{service['name']}.{service['namespace']}.svc"

    @property
    def port(self) -> int:
        """Port as the option names it, or that of the Service."""
        return int((self.options["service"] or self.options)["port"])

    @property
    def subject(self) -> str:
        """The database, host and port as error messages begin with them."""
        return f"PostgreSQL {self.host}:{self.port}, database {self.options['database']}"

    @contextlib.contextmanager
    def connect(self, timeout: float) -> Iterator[Any]:
        """Yield a connection, in a transaction, that returns rows as dictionaries.

        A statement takes ``timeout`` seconds at most.

        Raises:
            ServiceError: It could not be made, or a statement in the block failed.
        """
        import psycopg
        from psycopg.rows import dict_row

        options = self.options
        milliseconds = round(timeout * 1000)
        with forward_to_service(options["service"], self._api) as local:
            # Also through a port-forward the host name is the server's, so that its certificate can be checked.
            place = {"hostaddr": local[0], "port": local[1]} if local else {"port": self.port}
            more = {"sslrootcert": options["ca_path"]} if options["ca_path"] else {}
            try:
                with psycopg.connect(
                    **place,
                    **more,
                    host=self.host,
                    dbname=options["database"],
                    user=options["user"],
                    password=options["password"],
                    sslmode=options["sslmode"],
                    connect_timeout=max(2, round(timeout)),
                    tcp_user_timeout=milliseconds,
                    application_name="cosmogony-ansible",
                    row_factory=dict_row,
                    prepare_threshold=None,
                ) as connection:
                    # For the transaction only: behind a pooler the session belongs to others, too.
                    connection.execute("select set_config('statement_timeout', %s, true)", (str(milliseconds),))
                    yield connection
            except psycopg.Error as error:
                raise self._from_error(error) from error

    def _from_error(self, error: Exception) -> ServiceError:
        text = " ".join(str(error).split())
        if _LATER.search(text):
            cause = f"does not take connections yet ({_remove_server_address(text)})"
            return ServiceError("starting", cause, "look at the server's log")
        filled = {f"{option}_option": locate_credential("postgres", option, self.options) for option in SECRET_OPTIONS}
        filled |= {"user": self.options["user"], "database": self.options["database"]}
        for pattern, reason, cause, advice in _REFUSALS:
            if pattern.search(text):
                return make_refusal(
                    reason, f"{cause.format(**filled)} ({_remove_server_address(text)})", advice.format(**filled)
                )
        # An error with an SQLSTATE comes from a server that was reached: except for time limits, waiting does not help.
        state = getattr(error, "sqlstate", None)
        if "FATAL:" in text or (state and state != QUERY_CANCELED):
            return make_refusal("refused", f"refused ({_remove_server_address(text)})", "check the options of postgres")
        return ServiceError(
            "unreachable",
            f"cannot be reached from the controller ({_remove_server_address(text)})",
            "check that it runs, and postgres.host and postgres.port; name its Service in postgres.service if only the"
            " cluster reaches it",
        )


def _remove_server_address(text: str) -> str:
    """Return an error message of libpq without the address in it, cut to 200 characters."""
    text = re.sub(r"^connection (?:failed|is bad): ", "", text)
    text = re.sub(r"connection to server (?:at|on) .*?(?:port \d+|\") failed: ", "", text)
    text = re.sub(r"\s*Is the server running .*\?", "", text)
    text = re.sub(r"\s*(?:Multiple connection attempts failed|- host: ).*", "", text)
    return text.replace("FATAL: ", "").strip()[:200] or "no reason given"
