# SPDX-License-Identifier: Apache-2.0
"""Connect to the database of the stack."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from ..errors import StepError, TransientError
from ..value_parsing import require_environment_variables

if TYPE_CHECKING:
    from ..settings import DatabaseSettings

CONNECT_SECONDS = 10.0
RETRY_SECONDS = 0.3  # pause between two attempts to connect
# texts of errors after which trying again is useless; libpq has no error code for them
_REFUSED = re.compile(
    r"password authentication failed|no password supplied|role .* does not exist|database .* does not "
    r"exist|no pg_hba\.conf entry|server does not support SSL|certificate|permission denied"
)

Connection = TypeVar("Connection", bound="psycopg.Connection[Any]")


@dataclass(frozen=True)
class DatabaseAddress:
    """Host, port and name of a PostgreSQL database, and the role and password to connect with."""

    host: str
    port: int
    name: str
    user: str
    password: str = field(repr=False)
    sslmode: str

    @classmethod
    def from_settings(cls, settings: DatabaseSettings, environ: Mapping[str, str]) -> DatabaseAddress:
        """Take the address from the settings, and POSTGRES_USER and POSTGRES_PASSWORD from the environment.

        Raises:
            UsageError: one of them is missing.
        """
        values = require_environment_variables(
            {**environ, "POSTGRES_HOST": settings.host},
            ("POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD"),
            "database",
            {"POSTGRES_HOST": "database.host"},
        )
        return cls(
            settings.host,
            settings.port,
            settings.name,
            values["POSTGRES_USER"],
            environ["POSTGRES_PASSWORD"],  # not stripped: a password may begin or end with a blank
            settings.sslmode,
        )

    def connect(
        self, kind: type[Connection], application: str, seconds: float = CONNECT_SECONDS, **options: Any
    ) -> Connection:
        """Open a connection, trying again while the server cannot be reached.

        Args:
            kind: class of the connection.
            application: name of the program in pg_stat_activity.
            seconds: how long to try.
            options: more parameters of libpq and psycopg.

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
