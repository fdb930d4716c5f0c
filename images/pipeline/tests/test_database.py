# SPDX-License-Identifier: Apache-2.0
"""What plan reads from a real PostgreSQL."""

from __future__ import annotations

import re

import pytest
from cosmogony_pipeline.steps.kept_releases import KeptRelease, list_kept_releases
from cosmogony_steps.errors import StepError, TransientError, UsageError
from cosmogony_steps.settings import Settings, apply_environment
from services import free_port, postgis


def find_releases(environ: dict[str, str]) -> list[KeptRelease]:
    return list_kept_releases(apply_environment(Settings(), environ).database, environ)


def test_a_fresh_database_has_no_releases(postgres: postgis.Server, database: str) -> None:
    assert find_releases(postgres.environment(database)) == []


def test_only_published_releases_that_still_exist_count(postgres: postgis.Server, database: str) -> None:
    with postgres.connect(database) as connection:
        connection.execute(
            """
            create schema release_r1; create schema release_r2; create schema release_r4;
            create view public.cosmogony_releases as
              select * from (values
                ('r0', 'release_r0', 'd0', 'retired', false, now(), now()),
                ('r1', 'release_r1', 'd1', 'retired', false, now(), now() - interval '2 days'),
                ('r2', 'release_r2', 'd2', 'published', true, now(), now() - interval '1 day'),
                ('r4', 'release_r4', 'd4', 'loaded', false, now(), null)
              ) as t(id, schema_name, inputs_digest, state, live, created, published_at);
            """
        )
    assert find_releases(postgres.environment(database)) == [
        KeptRelease("r2", "d2", True),
        KeptRelease("r1", "d1", False),
    ]
    for manifest, reason in (
        ('{"inputs": {"reason": "new rules"}}', "new rules"),
        ('{"id": "legacy"}', ""),
        (None, ""),
    ):
        with postgres.connect(database) as connection:
            connection.execute(
                "create or replace view public.cosmogony_release as "
                f"select 'r2'::text as id, {repr(manifest) if manifest else 'null'}::jsonb as manifest"
            )
        assert find_releases(postgres.environment(database))[0] == KeptRelease("r2", "d2", True, reason)
        assert find_releases(postgres.environment(database))[1].reason == ""


def test_wrong_password_is_a_permanent_error(postgres: postgis.Server, database: str) -> None:
    with pytest.raises(StepError, match=f"refuses user {re.escape(postgres.user)}") as failed:
        find_releases({**postgres.environment(database), "POSTGRES_PASSWORD": "wrong-password"})
    assert failed.value.exit_code == 1
    assert "wrong-password" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_blanks_around_a_password_belong_to_it(postgres: postgis.Server, database: str) -> None:
    with postgres.connect(database) as connection:
        connection.execute("create role blanks superuser login password ' secret '")
    try:
        known = {"POSTGRES_USER": "blanks", "POSTGRES_PASSWORD": " secret "}
        find_releases({**postgres.environment(database), **known})
    finally:
        with postgres.connect(database) as connection:
            connection.execute("drop role blanks")


def test_unavailable_server_is_transient(postgres: postgis.Server, database: str) -> None:
    with pytest.raises(TransientError, match="cannot be reached") as failed:
        find_releases({**postgres.environment(database), "POSTGRES_PORT": str(free_port())})
    assert failed.value.exit_code == 75


def test_missing_settings_are_named() -> None:
    with pytest.raises(StepError, match="POSTGRES_HOST, POSTGRES_PASSWORD not set"):
        find_releases({"POSTGRES_DB": "x", "POSTGRES_USER": "y"})


def test_a_statement_that_is_cancelled_may_succeed_later(postgres: postgis.Server, database: str) -> None:
    """As one that waits too long for a lock."""
    with postgres.connect(database) as connection:
        connection.execute(
            "drop view if exists public.cosmogony_releases;"
            "create view public.cosmogony_releases as select 'r1' as id, 'd1' as inputs_digest, true as live, "
            "'public' as schema_name, now() as published_at "
            "where pg_cancel_backend(pg_backend_pid()) and pg_sleep(5) is not null"
        )
    with pytest.raises(TransientError, match="canceling statement") as failed:
        find_releases(postgres.environment(database))
    assert failed.value.exit_code == 75


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"POSTGRES_PORT": "five"}, "POSTGRES_PORT 'five' is not a number"),
        ({"POSTGRES_SSLMODE": "bogus"}, "POSTGRES_SSLMODE 'bogus' is not one of disable, allow, prefer"),
    ],
)
def test_a_setting_that_is_not_valid_is_refused(setting: dict[str, str], message: str) -> None:
    names = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
    with pytest.raises(UsageError, match=message):
        find_releases(dict.fromkeys(names, "x") | setting)
