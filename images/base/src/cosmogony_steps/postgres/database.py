# SPDX-License-Identifier: Apache-2.0
"""Where the database is, and how to connect to it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from ..errors import StepError, TransientError, UsageError
from ..settings import integer, required

DEFAULT_PORT = 5432
CONNECT_SECONDS = 10.0
RETRY_SECONDS = 0.3  # between two tries
# refusals that no waiting helps against; libpq has no code for them
_REFUSED = re.compile(
    r"password authentication failed|no password supplied|role .* does not exist|database .* does not "
    r"exist|no pg_hba\.conf entry|server does not support SSL|certificate|permission denied"
)

# https://www.postgresql.org/docs/current/libpq-ssl.html
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

Connection = TypeVar("Connection", bound="psycopg.Connection[Any]")


@dataclass(frozen=True)
class Database:
    """Where PostgreSQL is, and the role to connect as."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    sslmode: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Database:
        """Read the variables POSTGRES_….

        Raises:
            UsageError: one is missing or not valid.
        """
        names = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
        values = required(environment, names, "database")
        port = environment.get("POSTGRES_PORT", "").strip() or environment.get("PGPORT", "")
        return cls(
            values["POSTGRES_HOST"],
            integer(port, "POSTGRES_PORT", least=1, most=65535) or DEFAULT_PORT,
            values["POSTGRES_DB"],
            values["POSTGRES_USER"],
            environment["POSTGRES_PASSWORD"],  # blanks around it belong to it
            _checked_sslmode(environment.get("POSTGRES_SSLMODE", "").strip() or "prefer"),
        )

    def connect(
        self, kind: type[Connection], application: str, seconds: float = CONNECT_SECONDS, **options: Any
    ) -> Connection:
        """Connect, trying again while the server cannot be reached.

        Args:
            kind: class of the connection.
            application: name that pg_stat_activity shows.
            seconds: how long to try.
            options: further parameters of libpq and psycopg.

        Raises:
            StepError: the server refuses the role, its password or the database.
            TransientError: the server does not answer in time.
        """
        deadline = time.monotonic() + seconds
        where = f"PostgreSQL {self.user}@{self.host}:{self.port}/{self.name}"
        while True:
            try:
                return kind.connect(
                    host=self.host,
                    port=self.port,
                    dbname=self.name,
                    user=self.user,
                    password=self.password,
                    sslmode=self.sslmode,
                    connect_timeout=5,
                    application_name=application,
                    keepalives_idle=30,
                    keepalives_interval=10,
                    keepalives_count=3,
                    **options,
                )
            except psycopg.OperationalError as error:
                reason = " ".join(str(error).split())
                if _REFUSED.search(reason):
                    raise StepError(
                        f"{where} refuses user {self.user}: {reason}; "
                        "check POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB (settings and Secret)"
                    ) from error
                if time.monotonic() >= deadline:
                    raise TransientError(
                        f"{where} cannot be reached, it does not answer for {seconds:.0f} s: {reason}; "
                        "check POSTGRES_HOST and POSTGRES_PORT, and that it runs"
                    ) from error
                time.sleep(RETRY_SECONDS)


def _checked_sslmode(mode: str) -> str:
    if mode not in _SSL_MODES:
        raise UsageError(f"POSTGRES_SSLMODE '{mode}' is none of {', '.join(_SSL_MODES)}")
    return mode
