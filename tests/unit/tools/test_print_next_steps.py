# SPDX-License-Identifier: Apache-2.0
"""What `make local` prints at its end fits the cluster that was taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT

NATIVE = {
    "provider": "native",
    "kubeconfig": "/srv/state/kubeconfig",
    "context": "",
    "kubectl": "/srv/state/bin/kubectl",
    "site": "http://127.0.0.1:9000",
}
KIND = {
    "provider": "kind",
    "kubeconfig": "/srv/state/kubeconfig-kind",
    "context": "kind-cosmogony",
    "kubectl": "kubectl",
    "site": "",
}


def print_next_steps(folder: Path, cluster: dict[str, str] | None) -> str:
    if cluster:
        (folder / "local_cluster.json").write_text(json.dumps(cluster))
    command = [sys.executable, str(CHECKOUT / "tools/print_next_steps.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def test_the_native_cluster_has_an_address(tmp_path: Path) -> None:
    shown = print_next_steps(tmp_path, NATIVE)
    assert "http://127.0.0.1:9000/\n" in shown
    assert "ssh -L 9000:127.0.0.1:9000 root@" in shown
    assert f"export KUBECONFIG=/srv/state/kubeconfig PATH=$PATH:{tmp_path}/bin" in shown


def test_other_clusters_forward_a_port(tmp_path: Path) -> None:
    shown = print_next_steps(tmp_path, KIND)
    forward = "--kubeconfig /srv/state/kubeconfig-kind --context kind-cosmogony --namespace cosmogony port-forward"
    assert f"kubectl {forward} service/cosmogony-web 8080:80    then http://127.0.0.1:8080/\n" in shown
    assert "export KUBECONFIG=/srv/state/kubeconfig-kind " in shown
    assert "ssh" not in shown
    assert "make logs" not in shown, "they are of the native cluster"


def test_an_existing_cluster_may_have_an_address_elsewhere(tmp_path: Path) -> None:
    shown = print_next_steps(tmp_path, {**KIND, "provider": "existing", "site": "https://maps.example.org"})
    assert "https://maps.example.org/\n" in shown
    assert "ssh" not in shown


def test_without_a_cluster_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert print_next_steps(tmp_path, None) == ""


@pytest.mark.parametrize(
    ("arguments", "state"),
    [([], "/var/lib/cosmogony-stack"), (["ARGS=-e cosmogony_state_dir=/home/me/state -v"], "/home/me/state")],
)
def test_make_names_the_folder_of_the_state(arguments: list[str], state: str) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "local", "REMEMBER=no", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("ARGS", "MAKEFLAGS")}
    shown = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert f"tools/print_next_steps.py {state}\n" in shown
