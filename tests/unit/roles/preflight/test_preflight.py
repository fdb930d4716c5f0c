# SPDX-License-Identifier: Apache-2.0
"""Role preflight against a real S3 store and a real database: what it says of right, wrong and missing settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import CHECKOUT

ROLE = CHECKOUT / "roles/preflight"


@pytest.fixture(scope="module")
def site(minio, postgres):
    """The settings of a site whose services are reached directly."""
    database = postgres.create_database("preflight")
    yield {
        "cosmogony_storage_endpoint": "minio.invalid:9000",
        "cosmogony_storage_endpoint_from_controller": minio.endpoint,
        "cosmogony_storage_secure": "false",
        "cosmogony_storage_region": "",
        "cosmogony_storage_bucket": "not-there-yet",
        "cosmogony_storage_access_key": minio.access_key,
        "cosmogony_storage_secret_key": minio.secret_key,
        "cosmogony_database_host": postgres.host,
        "cosmogony_database_host_from_controller": None,
        "cosmogony_database_port": str(postgres.port),
        "cosmogony_database_name": database,
        "cosmogony_database_user": postgres.user,
        "cosmogony_database_password": postgres.password,
        "cosmogony_database_sslmode": None,
        "preflight_checks": ["storage", "database"],
    }
    postgres.drop_database(database)


@pytest.fixture(scope="module")
def answers(site, tmp_path_factory):
    """One play that runs the role with one thing wrong after the other, and keeps what each run said."""
    cases = {
        "right": {},
        "secret key": {"cosmogony_storage_secret_key": "no-such-secret-key"},
        "access key": {"cosmogony_storage_access_key": "nobody"},
        "password": {"cosmogony_database_password": "no-such-password"},
        "both": {"cosmogony_storage_access_key": "nobody", "cosmogony_database_password": "no-such-password"},
        "no password": {"cosmogony_database_password": ""},
        "no keys": {"cosmogony_storage_secret_key": None},
        "no endpoint": {"cosmogony_storage_endpoint": "", "cosmogony_storage_endpoint_from_controller": None},
        "no host": {"cosmogony_database_host": " "},
        "scheme": {"cosmogony_storage_endpoint_from_controller": "http://h:9000"},
        "bucket": {"cosmogony_storage_bucket": "No"},
        "port": {"cosmogony_database_port": "70000"},
        "unknown": {"cosmogony_gate_max_los_percent": 3},
        "sslmode": {"cosmogony_database_sslmode": "sometimes"},
        "helm": {"preflight_checks": ["tools"], "cosmogony_helm_binary": "/nonexistent/helm"},
        "library": {
            "preflight_checks": ["tools"],
            "cosmogony_helm_binary": str(fake_helm(tmp_path_factory, "v3.22.0")),
            "__preflight_libraries": ["minio>=999", "no-such-library>=1"],
        },
        "helm 4": {
            "preflight_checks": ["tools"],
            "cosmogony_helm_binary": str(fake_helm(tmp_path_factory, "v4.0.0")),
        },
    }
    said = "{{ said | default({}) | combine({case: ansible_failed_result}) }}"
    tasks = [
        {
            "name": f"Run with: {name}",
            "block": [{"ansible.builtin.include_role": {"name": "cosmogony.stack.preflight"}, "vars": change}],
            "rescue": [{"name": "Keep", "ansible.builtin.set_fact": {"said": said}, "vars": {"case": name}}],
        }
        for name, change in cases.items()
    ]
    folder = tmp_path_factory.mktemp("preflight")
    keep = {"content": "{{ {'said': said, 'found': preflight_found} | to_json }}", "dest": f"{folder}/said"}
    tasks.append({"name": "Keep all", "ansible.builtin.copy": keep, "no_log": True})
    play = {"hosts": "localhost", "gather_facts": False, "vars": site, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", "-v",
         "-e", f"ansible_python_interpreter={sys.executable}", str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")},
        capture_output=True, text=True, check=False, timeout=300, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {**json.loads((folder / "said").read_text()), "output": done.stdout + done.stderr}


def fake_helm(tmp_path_factory, version):
    """A program that only knows its version."""
    program = tmp_path_factory.mktemp("helm") / "helm"
    program.write_text(f"#!/bin/sh\necho {version}+g0000000\n")
    program.chmod(0o755)
    return program


def test_right_settings_pass_and_blank_ones_take_defaults(answers):
    assert "right" not in answers["said"], answers["said"].get("right")
    found = answers["found"]
    assert (found["storage"]["ready"], found["storage"]["bucket_exists"]) == (True, False)
    assert found["database"]["versions"]["postgis"]


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        (
            "secret key",
            [
                "S3 endpoint http://127.0.0.1:",
                "secret key refused",
                "Settings: minio.secret_key is cosmogony_storage_secret_key",
            ],
        ),
        (
            "access key",
            ["S3 endpoint http://127.0.0.1:", "access key refused", "minio.access_key is cosmogony_storage_access_key"],
        ),
        (
            "password",
            ["PostgreSQL 127.0.0.1:", "its password refused", "postgres.password is cosmogony_database_password"],
        ),
        ("both", ["access key refused", "its password refused"]),
        (
            "no password",
            ["No credentials for PostgreSQL: give cosmogony_database_user and cosmogony_database_password"],
        ),
        ("no keys", ["No credentials for the S3 store: give cosmogony_storage_access_key"]),
        ("no endpoint", ["cosmogony_storage_endpoint is not set"]),
        ("no host", ["cosmogony_database_host is not set"]),
        ("scheme", ["cosmogony_storage_endpoint_from_controller is http://h:9000", "without a scheme"]),
        ("bucket", ["cosmogony_storage_bucket is No: Name of the bucket, 3 to 63 characters"]),
        ("port", ["cosmogony_database_port is 70000: give a whole number from 1 to 65535"]),
        ("unknown", ["cosmogony_gate_max_los_percent is not a setting: write cosmogony_gate_max_loss_percent"]),
        ("sslmode", ["cosmogony_database_sslmode is sometimes: give one of disable, "]),
        ("helm", ["Helm (/nonexistent/helm) cannot be run", "name it in cosmogony_helm_binary"]),
        ("helm 4", ["is version v4.0.0", "Helm 3 is needed"]),
        ("library", ["lacks minio >= 999 (has ", "no-such-library >= 1", "`make venv`"]),
    ],
)
def test_wrong_settings_are_named(answers, case, parts):
    said = answers["said"][case]
    text = json.dumps(said)
    for part in parts:
        assert part in text


def test_wrong_credentials_fail_immediately(answers):
    for case in ("secret key", "access key", "password", "both"):
        assert "still so after" not in answers["said"][case]["msg"]


def test_no_credential_is_printed(answers, site):
    for secret in (site["cosmogony_storage_secret_key"], site["cosmogony_database_password"]):
        assert secret not in answers["output"]
    for wrong in ("no-such-secret-key", "no-such-password"):
        assert wrong not in answers["output"]
