# SPDX-License-Identifier: Apache-2.0
"""Provider existing on the running native cluster: an account with the documented rights is enough."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT
from services.native_cluster import ADMIN, kubectl
from services.programs import STATE

NAMESPACE = "cosmogony-existing"


def read_documented_rights() -> dict[str, Any]:
    """The ClusterRole of docs/providers.md, under another name."""
    text = (CHECKOUT / "docs/providers.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    return {**yaml.safe_load(block), "metadata": {"name": NAMESPACE}}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Path]:
    """The kubeconfig of a service account that has the documented rights; removed with all that it made."""
    kubectl("create", "namespace", NAMESPACE)
    try:
        kubectl("create", "serviceaccount", "deployer", f"--namespace={NAMESPACE}")
        kubectl("apply", "--filename=-", stdin=json.dumps(read_documented_rights()))
        subject = f"--serviceaccount={NAMESPACE}:deployer"
        kubectl("create", "clusterrolebinding", NAMESPACE, f"--clusterrole={NAMESPACE}", subject)
        config = yaml.safe_load(ADMIN.read_text())
        token = kubectl("create", "token", "deployer", f"--namespace={NAMESPACE}", "--duration=1h").strip()
        for user in config["users"]:
            user["user"] = {"token": token}
        path = tmp_path / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        yield path
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--timeout=150s")
        kubectl("delete", "clusterrolebinding,clusterrole", NAMESPACE, "--ignore-not-found")


def set_up(folder: Path, account: Path, *options: str, **changed: Any) -> str:
    existing = {
        "kubeconfig": str(account),
        "push_registry": "127.0.0.1:5000",
        "docker_host": "unix:///run/cosmogony-stack/docker.sock",
        "build_network": "host",
        "base_image": "127.0.0.1:5000/cosmogony/debian:trixie-slim",
        "kubectl": str(STATE / "bin/kubectl"),
        "backing_namespace": NAMESPACE,
    }
    given = {
        "local_provider": "existing",
        "local_cluster_existing": existing,
        "local_cluster_programs_source": "built",
        "cosmogony_state_dir": str(folder / "state"),
        "samples_dir": str(STATE / "samples"),
        "samples_sets": ["liechtenstein"],
        "backing_services_parts": ["minio", "postgres"],  # one controller of Argo serves the whole cluster
        "backing_services_minio_volume_size": "1Gi",
        "backing_services_postgres_volume_size": "1Gi",
        "backing_services_postgres_resources": {"requests": {"cpu": "10m", "memory": "128Mi"}},
        **changed,
    }
    command = [Path(sys.executable).with_name("ansible-playbook"), CHECKOUT / "local/playbooks/local.yml"]
    command += ["--inventory", CHECKOUT / "inventories/local", "--extra-vars", json.dumps(given), *options]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.long
def test_an_account_with_the_documented_rights_is_enough(tmp_path: Path, account: Path) -> None:
    set_up(tmp_path, account)
    recorded = json.loads((tmp_path / "state/local_cluster.json").read_text())
    assert (recorded["provider"], recorded["pull_registry"]) == ("existing", "127.0.0.1:5000")
    databases = kubectl("exec", "postgres-0", f"--namespace={NAMESPACE}", "--", "psql", "-At", "-d", "cosmogony", "-c",
        "SELECT extname FROM pg_extension WHERE extname = 'postgis'",
    )  # fmt: skip
    assert databases.strip() == "postgis"
    proxy = f"/api/v1/namespaces/{NAMESPACE}/services/samples:http/proxy/liechtenstein-2013-08-03.osm.pbf.md5"
    assert "liechtenstein-2013-08-03.osm.pbf" in kubectl("get", "--raw", proxy)
    assert re.search(r"changed=0\b", set_up(tmp_path, account)), "a second run changes nothing"


@pytest.mark.long
def test_the_rights_are_enough_for_argo(tmp_path: Path, account: Path) -> None:
    """A second controller would run every workflow twice, so this is a server-side dry run, where rights count."""
    definitions = STATE / "share/argo/crds"
    controller = ["get", "deployment", "workflow-controller", "--namespace=cosmogony-backing"]
    image = kubectl(*controller, "--output=jsonpath={.spec.template.spec.containers[0].image}")
    argo = {"parts": ["argo"], "images": dict.fromkeys(["backing-argo", "backing-minio", "backing-postgres"], image)}
    argo |= {"argo_crds_dir": str(definitions)}
    given = {f"backing_services_{name}": value for name, value in argo.items()}
    shown = set_up(tmp_path, account, "--check", samples_enabled=False, **given)
    assert re.search(r"Apply the chosen services, and wait until they are ready\] \*+\nchanged: ", shown)
    assert re.search(r"changed=\d+ .*failed=0", shown)
    command = [str(STATE / "bin/kubectl"), f"--kubeconfig={account}", "apply", "--server-side", "--force-conflicts"]
    command += ["--dry-run=server", *(f"--filename={path}" for path in sorted(definitions.glob("argoproj.io_*.yaml")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "workflows.argoproj.io serverside-applied (server dry run)" in done.stdout
