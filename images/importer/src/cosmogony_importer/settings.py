# SPDX-License-Identifier: Apache-2.0
"""Settings that come from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cosmogony_steps.errors import StepError


def _need(environment: Mapping[str, str], names: tuple[str, ...], what: str) -> None:
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise StepError(f"{what}: {', '.join(missing)} not set; set it in the environment")


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
            StepError: one is missing or not valid.
        """
        _need(environment, ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"), "database")
        port = environment.get("POSTGRES_PORT") or environment.get("PGPORT") or "5432"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise StepError(f"database: POSTGRES_PORT is {port!r}, wanted a number from 1 to 65535")
        return cls(
            environment["POSTGRES_HOST"],
            int(port),
            environment["POSTGRES_DB"],
            environment["POSTGRES_USER"],
            environment["POSTGRES_PASSWORD"],
            environment.get("POSTGRES_SSLMODE") or "prefer",
        )


@dataclass(frozen=True)
class Storage:
    """Where the object store is."""

    endpoint: str
    secure: bool
    region: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def configured(cls, environment: Mapping[str, str] = os.environ) -> bool:
        """Tell whether an object store is set."""
        return bool(environment.get("S3_ENDPOINT"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Storage:
        """Read the variables S3_….

        Raises:
            StepError: one is missing or not valid.
        """
        _need(environment, ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"), "object store")
        secure = (environment.get("S3_SECURE") or "true").lower()
        if secure not in ("true", "false"):
            raise StepError(f"object store: S3_SECURE is {secure!r}, wanted true or false")
        return cls(
            environment["S3_ENDPOINT"],
            secure == "true",
            environment.get("S3_REGION") or "us-east-1",
            environment["S3_BUCKET"],
            environment["S3_ACCESS_KEY"],
            environment["S3_SECRET_KEY"],
        )
