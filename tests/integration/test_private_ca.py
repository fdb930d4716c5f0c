# SPDX-License-Identifier: Apache-2.0
"""An S3 store and a PostgreSQL whose certificates a private CA has signed: modules, steps, API and tile server."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible_collections.cosmogony.stack.plugins.modules.readiness import wait_until_ready
from ansible_collections.cosmogony.stack.plugins.plugin_utils._ca_bundle import make_ca_environment
from ansible_collections.cosmogony.stack.plugins.plugin_utils._connections import make_connection_options
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import check_and_complete_settings
from cosmogony_importer.cli import main as run_importer
from cosmogony_steps.errors import StepError
from services.connections import find_database, find_store
from services.objectstore import MinIO
from services.postgis import Server


@pytest.fixture
def site(
    start_minio: Callable[..., MinIO], tls_postgres: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Settings as the controller has them; the environment is that of a pod, without the bundle."""
    store = start_minio(certs=certificate)
    store.client().make_bucket("cosmogony")
    database = tls_postgres.create_database()
    environment = store.environment("cosmogony") | tls_postgres.environment(database)
    for name, value in {**environment, "POSTGRES_SSLMODE": "verify-full"}.items():
        monkeypatch.setenv(name, value)
    for name in ("CA_BUNDLE", "PGSSLROOTCERT", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return check_and_complete_settings(
        {
            "storage": {
                "endpoint": store.endpoint,
                "access_key": store.access_key,
                "secret_key": store.secret_key,
            },
            "database": {
                "host": tls_postgres.host,
                "port": tls_postgres.port,
                "name": database,
                "user": tls_postgres.user,
                "password": tls_postgres.password,
                "sslmode": "verify-full",
            },
        }
    )


def ask_from_controller(settings: dict[str, Any]) -> dict[str, Any]:
    options = make_connection_options(settings, {})
    blank = {"existing_secret": None, "service": None, "ca_path": None}
    store = {"validate_certs": True, "session_token": None, "bucket_required": True, "probe_object": True}
    database = {"minimum_version": 14, "postgis_version": "3.4", "geos_version": "3.12", "create_schema": True}
    params = {
        "minio": {**blank, **store, **options["minio"]},
        "postgres": {**blank, **database, **options["postgres"]},
        "timeout": 20,
        "interval": 0.2,
        "fail_when_not_ready": True,
    }
    return wait_until_ready(params, check_mode=False)


def test_the_controller_trusts_the_bundle(site: dict[str, Any], certificate: Path) -> None:
    refused = ask_from_controller(site)
    assert (refused["minio"]["reason"], refused["postgres"]["reason"]) == ("certificate_refused", "tls_refused")
    trusted = ask_from_controller({**site, "ca_bundle": str(certificate / "public.crt")})
    assert trusted["ready"], trusted.get("msg")


def test_the_steps_trust_the_bundle(
    site: dict[str, Any], certificate: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StepError, match="add its CA to cosmogony_ca_bundle"):
        find_store(os.environ).find_info("absent")
    assert run_importer(["init"]) == 1
    assert "certificate" in capsys.readouterr().err
    for name in make_ca_environment("verify-full"):
        monkeypatch.setenv(name, str(certificate / "public.crt"))
    assert find_store(os.environ).find_info("absent") is None
    assert run_importer(["init"]) == 0
    with find_database().connect(psycopg.Connection, "test") as connection:
        assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)


@pytest.mark.parametrize("sslmode", ["prefer", "require"])
def test_other_modes_are_not_verified(sslmode: str) -> None:
    assert "PGSSLROOTCERT" not in make_ca_environment(sslmode)
    assert make_ca_environment("verify-ca")["PGSSLROOTCERT"] == make_ca_environment(sslmode)["CA_BUNDLE"]
