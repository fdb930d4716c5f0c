# SPDX-License-Identifier: Apache-2.0
"""Module readiness and a real PostgreSQL with PostGIS."""

from __future__ import annotations

import secrets
import threading
import time

import pytest
from ansible_collections.cosmogony.stack.plugins.modules.readiness import wait_until_ready
from psycopg import sql
from services import free_port

DEFAULTS = {
    "sslmode": "prefer",
    "ca_path": None,
    "minimum_version": 14,
    "postgis_version": "3.4",
    "geos_version": "3.12",
    "create_schema": True,
    "service": None,
    "existing_secret": None,
}


@pytest.fixture
def database(postgres):
    name = postgres.create_database("readiness")
    yield name
    postgres.drop_database(name)


def ask(server, database, *, timeout=0, **options):
    given = {
        **DEFAULTS,
        "host": server.host,
        "port": server.port,
        "database": database,
        "user": server.user,
        "password": server.password,
        **options,
    }
    params = {"minio": None, "postgres": given, "timeout": timeout, "interval": 0.2, "fail_when_not_ready": True}
    return wait_until_ready(params, check_mode=False)


def test_ready(postgres, database):
    result = ask(postgres, database)
    assert (result["ready"], result["changed"]) == (True, False)
    answer = result["postgres"]
    assert answer["versions"]["postgresql"].startswith("1")
    assert answer["versions"]["postgis"].startswith("3.")
    assert answer["can_create_schema"] is True
    assert answer["size_bytes"] > 1_000_000
    assert (answer["attempts"], answer["last_error"]) == (1, None)


def test_wrong_password_fails_immediately_and_is_not_shown(postgres, database):
    started = time.monotonic()
    result = ask(postgres, database, password="no-such-password", timeout=60)
    assert time.monotonic() - started < 5
    assert (result["postgres"]["reason"], result["postgres"]["attempts"]) == ("password_refused", 1)
    assert result["msg"] == (
        f'PostgreSQL 127.0.0.1:{postgres.port}, database {database}: user "cosmogony" or its password refused'
        ' (password authentication failed for user "cosmogony"): check postgres.user and'
        " postgres.password"
    )
    assert "no-such-password" not in str(result)


def test_unknown_user(postgres, database):
    assert ask(postgres, database, user="nobody", timeout=60)["postgres"]["reason"] == "password_refused"


def test_missing_database(postgres):
    result = ask(postgres, "not_there", timeout=60)
    assert (result["postgres"]["reason"], result["postgres"]["attempts"]) == ("database_missing", 1)
    assert 'database "not_there" does not exist' in result["msg"]
    assert "correct postgres.database" in result["msg"]


def test_missing_postgis(postgres, database):
    with postgres.connect(database) as connection:
        connection.execute("DROP EXTENSION postgis")
    result = ask(postgres, database, timeout=60)
    assert result["postgres"]["reason"] == "postgis_missing"
    assert f'has no PostGIS: run CREATE EXTENSION postgis in database "{database}" as a superuser' in result["msg"]
    assert ask(postgres, database, postgis_version="")["ready"]


def test_old_versions(postgres, database):
    old = ask(postgres, database, minimum_version=99, timeout=60)
    assert old["postgres"]["reason"] == "version_too_old"
    assert "is too old, 99 is needed" in old["msg"]
    assert ask(postgres, database, postgis_version="9.0")["postgres"]["reason"] == "postgis_too_old"
    geos = ask(postgres, database, geos_version="99.1")
    assert geos["postgres"]["reason"] == "geos_too_old"
    assert "PostGIS is made with GEOS 3." in geos["msg"]
    assert "99.1 is needed" in geos["msg"]
    assert ask(postgres, database, geos_version="")["ready"]


def test_user_without_the_right_to_create_schemas(postgres, database):
    user, password = f"poor_{secrets.token_hex(3)}", "p@ss/w:rd%41 \\'\"ü"
    with postgres.connect(database) as connection:
        name = sql.Identifier(user)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))
        try:
            result = ask(postgres, database, user=user, password=password, timeout=60)
            lenient = ask(postgres, database, user=user, password=password, create_schema=False)
        finally:
            connection.execute(sql.SQL("DROP ROLE {}").format(name))
    assert result["postgres"]["reason"] == "create_denied"
    assert f'run GRANT CREATE ON DATABASE "{database}" TO "{user}"' in result["msg"]
    assert (lenient["ready"], lenient["postgres"]["can_create_schema"]) == (True, False)


def test_user_who_may_create_schemas_only(postgres, database):
    """Since PostgreSQL 15 the schema public belongs to the owner of the database."""
    user = f"new_{secrets.token_hex(3)}"
    with postgres.connect(database) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'x'")
        try:
            connection.execute(f'GRANT CREATE ON DATABASE "{database}" TO {user}')
            refused = ask(postgres, database, user=user, password="x", timeout=60)
            connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {user}")
            ready = ask(postgres, database, user=user, password="x")
            connection.execute("CREATE VIEW public.zones AS SELECT 1 AS id")
            other = ask(postgres, database, user=user, password="x")
            connection.execute("DROP VIEW public.zones; CREATE SCHEMA gis; DROP EXTENSION postgis")
            connection.execute("CREATE EXTENSION postgis SCHEMA gis")
            hidden = ask(postgres, database, user=user, password="x")
        finally:
            connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")
    assert refused["postgres"]["reason"] == "create_denied"
    assert (
        f'user "{user}" may not create views in schema public: run GRANT USAGE, CREATE ON SCHEMA public TO "{user}"'
        f' in database "{database}"' in refused["msg"]
    )
    assert ready["ready"]
    assert f"run ALTER TABLE zones OWNER TO {user}" in other["msg"]
    assert f'run GRANT USAGE ON SCHEMA gis TO "{user}"' in hidden["msg"]


def test_user_who_may_not_log_in(postgres, database):
    with postgres.connect(database) as connection:
        connection.execute("CREATE ROLE nologin_role PASSWORD 'x'")
        try:
            result = ask(postgres, database, user="nologin_role", password="x", timeout=60)
        finally:
            connection.execute("DROP ROLE nologin_role")
    assert result["postgres"]["reason"] == "access_denied"


def test_too_many_connections_may_pass(postgres, database):
    with postgres.connect(database) as connection:
        connection.execute("CREATE ROLE narrow LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
        try:
            result = ask(postgres, database, user="narrow", password="x", timeout=1)
        finally:
            connection.execute("DROP ROLE narrow")
    assert result["postgres"]["reason"] == "starting"
    assert result["postgres"]["attempts"] > 1


def test_closed_port_is_asked_until_the_timeout(postgres):
    result = ask(postgres, "x", port=free_port(), timeout=1)
    assert result["postgres"]["reason"] == "unreachable"
    assert result["postgres"]["attempts"] >= 4
    assert "cannot be reached from the controller (Connection refused), still so after 1 s" in result["msg"]
    assert "check that it runs, and postgres.host" in result["msg"]


def test_unknown_host(postgres):
    result = ask(postgres, "x", host="postgres.invalid")
    assert result["postgres"]["reason"] == "unreachable"


def test_tls_where_none_is_spoken(postgres, database):
    result = ask(postgres, database, sslmode="require", timeout=60)
    assert (result["postgres"]["reason"], result["postgres"]["attempts"]) == ("tls_refused", 1)
    assert "correct postgres.sslmode" in result["msg"]


def test_waits_until_it_runs_again(postgres, database):
    if postgres.process is None:
        pytest.skip("the server named by TEST_POSTGRES_HOST is not ours to stop")
    postgres.kill()

    def begin():
        time.sleep(1.5)
        postgres.start()

    starter = threading.Thread(target=begin)
    starter.start()
    try:
        result = ask(postgres, database, timeout=30)
    finally:
        starter.join()
    assert result["ready"]
    assert result["postgres"]["attempts"] > 1
    assert (
        "cannot be reached" in result["postgres"]["last_error"] or "does not take" in result["postgres"]["last_error"]
    )
