# SPDX-License-Identifier: Apache-2.0
"""Settings of the API, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosmogony_api import attribution

REQUIRED = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")


class SettingsError(Exception):
    """The environment does not say what the API needs."""


@dataclass(frozen=True)
class Settings:
    """Where the database is, how patient the API is with it, and what it says of itself."""

    host: str
    database: str
    user: str
    password: str = field(repr=False)
    port: int = 5432
    sslmode: str = "prefer"
    pool_size: int = 4
    pool_timeout: float = 3.0
    connect_timeout: int = 3
    statement_timeout_ms: int = 10_000
    public_url: str = ""
    attribution: tuple[attribution.Credit, ...] = attribution.OSM

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings; name everything that is missing or wrong in one message."""
        missing = [name for name in REQUIRED if name not in environ]
        empty = [name for name in REQUIRED[:3] if environ.get(name) == ""]
        if missing or empty:
            raise SettingsError(
                f"environment: {', '.join(missing + empty)} missing or empty: "
                "set the POSTGRES_* variables to the database that the importer fills"
            )
        return cls(
            host=environ["POSTGRES_HOST"],
            database=environ["POSTGRES_DB"],
            user=environ["POSTGRES_USER"],
            password=environ["POSTGRES_PASSWORD"],
            port=_number(environ, "POSTGRES_PORT", 5432),
            sslmode=environ.get("POSTGRES_SSLMODE") or "prefer",
            pool_size=_number(environ, "API_THREADS", 4),
            statement_timeout_ms=_number(environ, "STATEMENT_TIMEOUT_MS", 10_000),
            public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
            attribution=_credits(environ, "ATTRIBUTION"),
        )


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingsError(f"environment: {name} is {text!r}: give a whole number above 0")
    return int(text)


def _credits(environ: Mapping[str, str], name: str) -> tuple[attribution.Credit, ...]:
    text = environ.get(name)
    if not text:
        return attribution.OSM
    try:
        return attribution.parse(text)
    except ValueError as wrong:
        raise SettingsError(f"environment: {name}: {wrong}: give a JSON list of {{text, url}}") from wrong
