# SPDX-License-Identifier: Apache-2.0
"""The way to PostgreSQL where no address of a Service is reached: opened, used, closed. kubectl is a stand-in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from ansible_plays import run_play

KUBECTL = """#!/bin/sh
echo "$*" > {folder}/call
echo $$ > {folder}/pid
echo "Forwarding from 127.0.0.1:40123 -> 5432"
exec sleep 200
"""


def include(tasks_from: str) -> dict[str, object]:
    role = {"name": "cosmogony.local.backing_services", "tasks_from": tasks_from, "public": True}
    return {"ansible.builtin.include_role": role}


def test_a_port_is_forwarded_and_closed_again(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL.format(folder=tmp_path))
    kubectl.chmod(0o755)
    port = {"content": "{{ __backing_services_login | to_json }}", "dest": f"{tmp_path}/login"}
    run_play(
        tmp_path,
        {
            "vars": {
                "local_cluster": {"provider": "existing", "fixed_addresses": False, "kubectl": str(kubectl)},
                "backing_services_kubeconfig": "/x/config",
                "backing_services_namespace": "backing",
                "cosmogony_database_host": "postgres.backing",
                "cosmogony_storage_endpoint": "minio.backing:9000",
            },
            "tasks": [include("forward.yml"), {"ansible.builtin.copy": port}, include("forward_stop.yml")],
        },
    )
    assert yaml.safe_load((tmp_path / "login").read_text()) == {"host": "127.0.0.1", "port": "40123"}
    assert (tmp_path / "call").read_text().split() == [
        "--kubeconfig", "/x/config", "--namespace", "backing",
        "port-forward", "--address=127.0.0.1", "service/postgres", ":5432",
    ]  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
