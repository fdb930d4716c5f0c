# SPDX-License-Identifier: Apache-2.0
"""The releases the database holds: read only, and only for "is there anything to do"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.settings import required

if TYPE_CHECKING:
    import psycopg

STATEMENT = 60  # seconds that a query may take, locks included
_QUERY = """
select id, inputs_digest, coalesce(live, false), ''
  from public.cosmogony_releases
 where published_at is not null and to_regnamespace(schema_name) is not null
 order by live desc nulls last, published_at desc
"""
_REASON = "select coalesce(manifest #>> '{inputs,reason}', '') from public.cosmogony_release"


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """A release that was published and is kept."""

    id: str
    inputs_digest: str | None
    live: bool
    reason: str = ""  # of the live one: why it was made with the same inputs as another


def kept_releases(environ: Mapping[str, str]) -> list[KnownRelease]:
    """Releases that were published and are still there, the live one first; none in a fresh database."""
    import psycopg  # only this step needs it

    names = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
    values = required(environ, names, "database")
    port = environ.get("POSTGRES_PORT", "").strip() or "5432"
    user = values["POSTGRES_USER"]
    where = f"database {values['POSTGRES_DB']} at {values['POSTGRES_HOST']}:{port}"
    try:
        with psycopg.connect(
            host=values["POSTGRES_HOST"],
            port=port,
            dbname=values["POSTGRES_DB"],
            user=user,
            password=environ["POSTGRES_PASSWORD"],  # blanks around it belong to it
            sslmode=environ.get("POSTGRES_SSLMODE", "").strip() or "prefer",
            connect_timeout=10,
            options=f"-c statement_timeout={STATEMENT}s",
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=60_000,  # ms
            application_name="cosmogony plan",
        ) as connection:
            if not _exists(connection, "public.cosmogony_releases"):
                return []
            found = [KnownRelease(*row) for row in connection.execute(_QUERY)]
            row = connection.execute(_REASON).fetchone() if _exists(connection, "public.cosmogony_release") else None
            return [replace(release, reason=row[0]) if release.live and row else release for release in found]
    except (psycopg.errors.InvalidPassword, psycopg.errors.InvalidAuthorizationSpecification) as cause:
        raise StepError(
            f"{where}: user {values['POSTGRES_USER']} or its password is refused; check the Secret"
        ) from cause
    except psycopg.OperationalError as cause:
        text = " ".join(str(cause).split())
        if any(sign in text for sign in ("password authentication failed", "no pg_hba.conf entry", "does not exist")):
            raise StepError(
                f"{where} refuses user {values['POSTGRES_USER']} ({text}); check the Secret and settings"
            ) from cause
        raise TransientError(f"{where} cannot be reached ({text}); is the server up?") from cause
    except psycopg.Error as cause:
        raise StepError(f"{where}: releases cannot be read ({' '.join(str(cause).split())})") from cause


def _exists(connection: psycopg.Connection, view: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", (view,)).fetchone() == (True,)
