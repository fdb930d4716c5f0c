# SPDX-License-Identifier: Apache-2.0
"""Settings, log records, and the server as the image starts it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cosmogony_api import requestlog
from cosmogony_api.settings import Settings, SettingsError
from services import free_port

ENVIRONMENT = {"POSTGRES_HOST": "h", "POSTGRES_DB": "d", "POSTGRES_USER": "u", "POSTGRES_PASSWORD": "secret"}


def test_blank_settings_have_defaults():
    settings = Settings.from_environment({**ENVIRONMENT, "POSTGRES_PORT": "", "POSTGRES_SSLMODE": ""})
    assert (settings.port, settings.sslmode, settings.pool_size) == (5432, "prefer", 4)
    assert "secret" not in repr(settings)


def test_missing_settings_are_named_together():
    with pytest.raises(SettingsError, match=r"POSTGRES_DB, POSTGRES_PASSWORD, POSTGRES_HOST missing or empty: set the"):
        Settings.from_environment({"POSTGRES_HOST": "", "POSTGRES_USER": "u"})


@pytest.mark.parametrize("port", ["x", "0", "-1", "５"])
def test_rejects_port(port):
    with pytest.raises(SettingsError, match="POSTGRES_PORT is"):
        Settings.from_environment({**ENVIRONMENT, "POSTGRES_PORT": port})


def test_records_are_one_json_line():
    record = logging.makeLogRecord({"msg": "a\nb %s", "args": ("c",), "levelname": "INFO", "fields": {"status": 200}})
    line = requestlog.JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "a\nb c"
    assert json.loads(line)["status"] == 200


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def server(postgres, published, tmp_path):
    """Gunicorn with the settings of the image, on another port."""
    pytest.importorskip("gunicorn")
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:cosmogony_api.gunicorn_config",
             "--bind", f"127.0.0.1:{port}", "cosmogony_api.app:create_app()"],
            env={**os.environ, **postgres.environment(published), "WEB_CONCURRENCY": "2",
                 "PYTHONPATH": str(Path(__file__).parents[1] / "src")},
            stderr=log, stdout=log, cwd=tmp_path,
        )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 20
        while True:
            try:
                get(base + "/health/live")
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
        yield base, process, tmp_path / "log"
    finally:
        process.terminate()
        process.wait(30)


def test_server_answers_and_logs(server, postgres):
    base, process, log = server
    assert get(base + "/zones/41")[1]["zone"]["name"] == "Brumel"
    assert get(base + "/zones/x") == (404, {"message": "Not found"})
    process.terminate()
    assert process.wait(30) == 0
    records = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [record for record in records if record["message"] == "request"]
    assert [(record["path"], record["status"]) for record in requests] == [("/zones/41", 200), ("/zones/x", 404)]
    assert all(record["request_id"] for record in requests)
    assert postgres.password not in log.read_text()


def test_server_without_settings_names_what_is_missing(tmp_path):
    pytest.importorskip("gunicorn")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POSTGRES_")}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", "python:cosmogony_api.gunicorn_config", "--bind",
         f"127.0.0.1:{free_port()}", "cosmogony_api.app:create_app()"],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[1] / "src")},
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode != 0
    assert "POSTGRES_HOST, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD missing or empty" in done.stderr
