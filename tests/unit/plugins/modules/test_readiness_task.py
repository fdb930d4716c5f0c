# SPDX-License-Identifier: Apache-2.0
"""Modules s3_bucket and readiness as tasks of a play: in check mode, for real, again, with wrong credentials."""

from __future__ import annotations

import copy
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import CHECKOUT

TASK = "cosmogony.stack.readiness"
BUCKET = "cosmogony.stack.s3_bucket"


@pytest.fixture
def options(minio, postgres):
    """Options of readiness, with a bucket that does not exist."""
    database = postgres.create_database("task")
    yield {
        "minio": {
            "endpoint": minio.endpoint,
            "access_key": minio.access_key,
            "secret_key": minio.secret_key,
            "secure": False,
            "bucket": f"task-{secrets.token_hex(4)}",
            "probe_object": True,
        },
        "postgres": {
            "host": postgres.host,
            "port": postgres.port,
            "database": database,
            "user": postgres.user,
            "password": postgres.password,
        },
        "timeout": 20,
    }
    postgres.drop_database(database)


def run(folder, tasks):
    """Run a play; return its exit code, the results of its tasks, and all that was printed."""
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        # The action group brings the options that all modules share.
        "module_defaults": {"group/cosmogony.stack.stack": {"kubeconfig": "/nonexistent"}},
        "tasks": tasks,
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", "-vvv",
         "-e", f"ansible_python_interpreter={sys.executable}", str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "json",
             "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")},
        capture_output=True, text=True, check=False, timeout=120, cwd=folder,
    )  # fmt: skip
    text = done.stdout + done.stderr
    answers = json.loads(done.stdout[done.stdout.index("{\n") :])["plays"][0]["tasks"]
    return done.returncode, [answer["hosts"]["localhost"] for answer in answers], text


def test_tasks(tmp_path, options):
    wrong = copy.deepcopy(options)
    wrong["minio"]["secret_key"] = "wrong-secret-key"
    wrong["postgres"]["password"] = "wrong-password"
    store = {key: value for key, value in options["minio"].items() if key != "probe_object"}
    code, results, text = run(
        tmp_path,
        [
            {"name": "Predict the bucket", BUCKET: {"minio": store}, "check_mode": True},
            {"name": "Create the bucket", BUCKET: {"minio": store}},
            {"name": "Create it again", BUCKET: {"minio": store}},
            {"name": "Ask in check mode", TASK: options, "check_mode": True},
            {"name": "Ask", TASK: options},
            {"name": "Report only", TASK: {**wrong, "fail_when_not_ready": False}},
            {"name": "Remove the bucket", BUCKET: {"minio": store, "state": "absent"}},
            {"name": "Fail", TASK: wrong},
        ],
    )
    *_, predicted, ready, reported, removed, failed = results
    assert code == 2
    assert [result["changed"] for result in results] == [True, True, False, False, False, False, True, False]
    assert predicted["ready"]
    assert ready["minio"]["bucket_exists"]
    assert ready["postgres"]["versions"]["postgis"]
    assert removed["bucket"] == store["bucket"]
    assert (reported["ready"], reported.get("failed", False)) == (False, False)
    assert failed["failed"]
    assert failed["elapsed"] < 5
    for part in ("secret key refused (SignatureDoesNotMatch)", 'user "cosmogony" or its password refused'):
        assert part in failed["msg"]
        assert part in reported["msg"]
    for each in (options, wrong):
        assert each["minio"]["secret_key"] not in text
        assert each["postgres"]["password"] not in text
