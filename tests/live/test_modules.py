# SPDX-License-Identifier: Apache-2.0
"""Modules against the local cluster: what they see, and the way through the API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from checkout import CHECKOUT

STATE = Path("/var/lib/cosmogony-stack")
BACKING = "cosmogony-backing"


def run(folder, module, options):
    """Run one task on the local cluster; return its result and the seconds it took."""
    task = {module: {"kubeconfig": str(STATE / "kubeconfig"), **options}, "name": "Ask"}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    (folder / "play.yml").chmod(0o600)
    started = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local",
         "-e", f"ansible_python_interpreter={sys.executable}", str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "json",
             "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")},
        capture_output=True, text=True, check=False, timeout=120, cwd=folder,
    )  # fmt: skip
    answer = json.loads(done.stdout[done.stdout.index("{\n") :])["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return answer, time.monotonic() - started


def secret(name):
    """Read a credential of the local default."""
    return (STATE / "secrets" / name).read_text().strip()


def through_the_api(**database):
    """Options that reach MinIO and PostgreSQL by the names of their Services only."""
    return {
        "minio": {
            "service": {"namespace": BACKING, "name": "minio"},
            "secure": False,
            "bucket": "cosmogony",
            "bucket_required": False,
            "access_key": secret("storage_access_key"),
            "secret_key": secret("storage_secret_key"),
        },
        "postgres": {
            "service": {"namespace": BACKING, "name": "postgres"},
            "database": "cosmogony",
            "user": "cosmogony",
            "password": secret("database_password"),
            **database,
        },
        "timeout": 8,
    }


def test_cluster_info(tmp_path):
    rights = [{"resource": "secrets", "verbs": ["get", "create"]}, {"resource": "pods/log", "verbs": ["get"]}]
    answer, _seconds = run(tmp_path, "cosmogony.stack.cluster_info", {"rights": rights})
    assert answer["server"] == "https://10.243.0.1:6443"
    assert answer["version"].startswith("v1.")
    assert answer["identity"]["user"]
    assert (answer["missing_rights"], answer["notes"], answer["changed"]) == ([], [], False)
    assert answer["argo"]["installed"]
    assert [each["namespace"] for each in answer["argo"]["watching"]] == [BACKING]


def test_services_are_reached_through_the_api_server(tmp_path):
    answer, _seconds = run(tmp_path, "cosmogony.stack.readiness", through_the_api())
    assert answer["ready"], answer
    assert answer["minio"]["endpoint"] == f"http://minio.{BACKING}.svc:9000"
    assert answer["postgres"]["versions"]["postgis"]


def test_wrong_password_through_the_api_server(tmp_path):
    answer, seconds = run(tmp_path, "cosmogony.stack.readiness", through_the_api(password="wrong"))
    assert answer["failed"]
    assert f"PostgreSQL postgres.{BACKING}.svc:5432, database cosmogony: user" in answer["msg"]
    assert answer["elapsed"] < 8
    assert seconds < 60


@pytest.mark.parametrize(
    ("service", "reason"),
    [({"name": "nobody"}, "service_missing"), ({"name": "postgres", "port": 1}, "port_missing")],
)
def test_service_that_cannot_be_reached(tmp_path, service, reason):
    options = {**through_the_api(service={"namespace": BACKING, **service}), "timeout": 0}
    answer, _seconds = run(tmp_path, "cosmogony.stack.readiness", options)
    assert answer["postgres"]["reason"] == reason
    assert answer["minio"]["ready"]


def secrets_of_the_stack():
    """Options that reach both services by their names, with the credentials of the stack's Secrets."""
    options = {name: through_the_api()[name] for name in ("minio", "postgres")}
    for name, secret_name, keys in (
        ("minio", "cosmogony-s3", ("access_key", "secret_key")),
        ("postgres", "cosmogony-postgres", ("user", "password")),
    ):
        options[name] = {key: value for key, value in options[name].items() if key not in (*keys, "bucket_required")}
        options[name]["existing_secret"] = {"namespace": "cosmogony", "name": secret_name}
    return options


def test_release_info_of_the_database_and_of_the_api_agree(tmp_path):
    database, _seconds = run(tmp_path, "cosmogony.stack.release_info", secrets_of_the_stack())
    api, _seconds = run(tmp_path, "cosmogony.stack.release_info", {})
    assert (database["source"], api["source"]) == ("database", "api")
    assert (database["notes"], api["notes"]) == ([], [])
    assert database["live"]["id"] == api["live"]["id"]
    assert database["live"]["bytes"] > 0
    assert database["bucket"]["prefixes"]["releases/"]["objects"] > 0
    assert database["runs"]
    assert api["runs"] == database["runs"]


def test_release_info_where_there_is_no_stack(tmp_path):
    answer, _seconds = run(tmp_path, "cosmogony.stack.release_info", {"namespace": "default", "timeout": 0})
    assert (answer["source"], answer["live"], answer["releases"]) == (None, None, [])
    assert "Service default/cosmogony-api does not exist" in answer["notes"][0]


def test_missing_secret_is_named(tmp_path):
    options = secrets_of_the_stack()["minio"]
    options["existing_secret"] = {"namespace": "cosmogony", "name": "nobody"}
    answer, _seconds = run(tmp_path, "cosmogony.stack.readiness", {"minio": options})
    assert answer["msg"] == (
        "Secret cosmogony/nobody (minio.existing_secret) does not exist:"
        " create it with the keys accesskey and secretkey"
    )


def test_tile_cache_info(tmp_path):
    answer, _seconds = run(tmp_path, "cosmogony.stack.tile_cache_info", {})
    (pod, *_) = answer["pods"]
    assert pod["name"].startswith("cosmogony-web-")
    assert pod["limit"]
    assert answer["bytes"] > 0
    assert answer["requests"] >= answer["hits"]
