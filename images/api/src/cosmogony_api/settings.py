# SPDX-License-Identifier: Apache-2.0
"""Settings of the API, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REQUIRED = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")


class SettingsError(Exception):
    """A variable of the environment is missing or wrong."""


@dataclass(frozen=True)
class Settings:
    """The database and how long the API waits for it, the address of the site, and limits of long answers.

    Attributes:
        operations_page: whether /v1/runs shows the summaries of the last runs.
        exports_at_once: exports that may run at the same time, in all processes that read this database.
        export_max_zones: zones of the largest export.
        stream_seconds: how long an export, a batch or a list of changes may take.
    """

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
    operations_page: bool = False
    exports_at_once: int = 4
    export_max_zones: int = 1_000_000
    stream_seconds: int = 600

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
            operations_page=environ.get("OPERATIONS_PAGE", "").lower() == "true",
            exports_at_once=_number(environ, "EXPORTS_AT_ONCE", cls.exports_at_once),
            export_max_zones=_number(environ, "EXPORT_MAX_ZONES", cls.export_max_zones),
            stream_seconds=_number(environ, "STREAM_SECONDS", cls.stream_seconds),
        )


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingsError(f"environment: {name} is {text!r}: give a whole number above 0")
    return int(text)
