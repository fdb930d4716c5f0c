# SPDX-License-Identifier: Apache-2.0
"""Where the database is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cosmogony_steps.settings import integer, required

DEFAULT_PORT = 5432


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
        port, libpq_port, sslmode = (
            environment.get(name, "").strip() for name in ("POSTGRES_PORT", "PGPORT", "POSTGRES_SSLMODE")
        )
        return cls(
            values["POSTGRES_HOST"],
            integer(port or libpq_port, "POSTGRES_PORT", least=1, most=65535) or DEFAULT_PORT,
            values["POSTGRES_DB"],
            values["POSTGRES_USER"],
            environment["POSTGRES_PASSWORD"],  # blanks around it belong to it
            sslmode or "prefer",
        )
