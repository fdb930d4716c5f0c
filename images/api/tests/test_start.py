# SPDX-License-Identifier: Apache-2.0
"""Settings, log records, and the server as the image starts it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cosmogony_api import requestlog
from cosmogony_api.settings import Settings, SettingsError
from services import free_port

from .support.server import run_server

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
    pytest.importorskip("gunicorn")
    with run_server(postgres.environment(published), tmp_path) as running:
        yield running


def test_server_answers_and_logs(server, postgres):
    assert get(server.url + "/zones/41")[1]["zone"]["name"] == "Brumel"
    assert get(server.url + "/zones/x") == (404, {"message": "Not found"})
    server.process.terminate()
    assert server.process.wait(30) == 0
    records = [json.loads(line) for line in server.log.read_text().splitlines()]
    requests = [record for record in records if record["message"] == "request"]
    assert [(record["path"], record["status"]) for record in requests] == [("/zones/41", 200), ("/zones/x", 404)]
    assert all(record["request_id"] for record in requests)
    assert postgres.password not in server.log.read_text()


def test_metrics_are_those_of_all_processes_and_on_their_own_port(server):
    for number in range(20):
        get(f"{server.url}/v1/zones/{number}")
    get(f"{server.url}/nothing/{number}")
    assert get(f"{server.url}/metrics") == (404, {"message": "Not found"})
    metrics = server.read_metrics()
    series = 'cosmogony_api_requests_total{method="GET",route="%s",status="%s"}'
    assert metrics[series % ("/v1/zones/{id}", 404)] + metrics[series % ("/v1/zones/{id}", 200)] == 20
    assert metrics[series % ("unknown", 404)] == 2
    assert metrics['cosmogony_api_request_seconds_count{route="/v1/zones/{id}"}'] == 20
    assert metrics["cosmogony_api_long_answers"] == 0


def test_long_addresses_are_refused(server):
    assert get(f"{server.url}/v1/search?q={'x' * 7000}")[0] == 400


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
