# SPDX-License-Identifier: Apache-2.0
"""Read from the database which releases it keeps, to decide whether a new one is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from cosmogony_steps.settings import DatabaseSettings

STATEMENT_TIMEOUT = 60  # most seconds for an SQL statement, waiting for locks included
_QUERY = """
select id, inputs_digest, coalesce(live, false), ''
  from public.cosmogony_releases
 where published_at is not null and to_regnamespace(schema_name) is not null
 order by live desc nulls last, published_at desc
"""
_REASON = "select coalesce(manifest #>> '{inputs,reason}', '') from public.cosmogony_release"


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """A release that was published and is still in the database.

    Attributes:
        reason: why the live release was made with the same inputs as another one, blank for others.
    """

    id: str
    inputs_digest: str | None
    live: bool
    reason: str = ""


def list_kept_releases(settings: DatabaseSettings, environ: Mapping[str, str]) -> list[KeptRelease]:
    """Return the releases that were published and still exist, the live one first; none in a fresh database.

    Raises:
        StepError: the database refuses.
        TransientError: it does not answer now.
    """
    import psycopg  # slow to import, and only step plan needs it
    from cosmogony_steps.postgres import DatabaseAddress, translate_database_error

    database = DatabaseAddress.from_settings(settings, environ)
    try:
        with database.connect(
            psycopg.Connection,
            "cosmogony plan",
            options=f"-c statement_timeout={STATEMENT_TIMEOUT}s",
            tcp_user_timeout=60_000,  # ms
        ) as connection:
            if not _exists(connection, "public.cosmogony_releases"):
                return []
            found = [KeptRelease(*row) for row in connection.execute(_QUERY)]
            row = connection.execute(_REASON).fetchone() if _exists(connection, "public.cosmogony_release") else None
            return [replace(release, reason=row[0]) if release.live and row else release for release in found]
    except psycopg.Error as cause:
        raise translate_database_error(cause) from cause


def _exists(connection: psycopg.Connection, view: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", (view,)).fetchone() == (True,)
