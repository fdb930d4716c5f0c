# SPDX-License-Identifier: Apache-2.0
"""What the administrator of the cluster has: its kubectl, a store, a database server, a workflow controller."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import minio
import yaml
from ansible_plays import run_play
from services.programs import STATE

KUBECONFIG = STATE / "kubeconfig"
FIRST, SECOND, ARGO, SERVICES = "stranger", "stranger-second", "stranger-argo", "stranger-services"
NAMESPACES = (FIRST, SECOND, ARGO, SERVICES)
STORE_ADDRESS = "10.96.0.41"
DATABASE_ADDRESS = "10.96.0.42"
ROOT = {"access_key": "stranger-root", "secret_key": "stranger-root-secret"}
SUPERUSER_PASSWORD = "stranger-superuser"
BACKING = "cosmogony-backing"


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    return kubectl_as(KUBECONFIG, *arguments, stdin=stdin)


def kubectl_as(kubeconfig: Path, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
    """Return what kubectl prints for the account of a kubeconfig."""
    command = [str(STATE / "bin/kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {done.stderr[-2000:]}"
    return done.stdout


def apply(*objects: dict[str, Any]) -> None:
    kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(objects))


def remove_namespaces(*names: str) -> None:
    kubectl("delete", "namespace", *names, "--ignore-not-found", "--timeout=170s")


def find_image(kind: str, name: str) -> str:
    """Return the image of a workload in the namespace of the backing services."""
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl("get", kind, name, f"--namespace={BACKING}", f"--output={path}")


def start_services(folder: Path) -> None:
    """Start MinIO and PostgreSQL in a separate namespace."""
    memory = {"requests": {"cpu": "10m", "memory": "128Mi"}}
    options = {
        "kubeconfig": str(KUBECONFIG),
        "namespace": SERVICES,
        "parts": ["minio", "postgres"],
        "images": {
            "backing-minio": find_image("statefulset", "minio"),
            "backing-postgres": find_image("statefulset", "postgres"),
            "backing-argo": find_image("deployment", "workflow-controller"),
        },
        "minio_cluster_ip": STORE_ADDRESS,
        "minio_access_key": ROOT["access_key"],
        "minio_secret_key": ROOT["secret_key"],
        "minio_volume_size": "1Gi",
        "minio_resources": memory,
        "postgres_cluster_ip": DATABASE_ADDRESS,
        "postgres_superuser_password": SUPERUSER_PASSWORD,
        "postgres_volume_size": "1Gi",
        "postgres_resources": memory,
        "postgres_settings": {"shared_buffers": "64MB", "jit": "off"},
        "database_host": DATABASE_ADDRESS,
        "database_password": SUPERUSER_PASSWORD,
        "databases": [],
    }
    role = {"name": "cosmogony.local.backing_services"}
    tasks = [
        {"name": "Find the programs", "ansible.builtin.set_fact": {"cosmogony_state_dir": str(STATE)}},
        {
            "name": "Start the services",
            "ansible.builtin.include_role": role,
            "vars": {f"backing_services_{name}": value for name, value in options.items()},
        },
    ]
    run_play(folder, {"tasks": tasks})


def query(database: str, statements: str) -> str:
    """Return what psql prints for statements of the superuser, in the pod of the server."""
    psql = ["psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-At", "-d", database, "-f", "-"]
    return kubectl("exec", "--stdin", "postgres-0", f"--namespace={SERVICES}", "--", *psql, stdin=statements).strip()


def store() -> minio.Minio:
    return minio.Minio(f"{STORE_ADDRESS}:9000", **ROOT, secure=False, region="us-east-1")


def make_bucket(name: str, access_key: str, secret_key: str, rights: Sequence[Sequence[str]]) -> None:
    """Make a bucket, and a user with the rights on it and on its objects, and nothing else."""
    from minio.credentials import StaticProvider

    store().make_bucket(bucket_name=name)
    arns = [f"arn:aws:s3:::{name}"], [f"arn:aws:s3:::{name}/*"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [*actions], "Resource": arn}
            for actions, arn in zip(rights, arns, strict=True)
        ],
    }
    provider = StaticProvider(ROOT["access_key"], ROOT["secret_key"])
    admin = minio.MinioAdmin(endpoint=f"{STORE_ADDRESS}:9000", credentials=provider, region="us-east-1", secure=False)
    admin.policy_add(name, policy=policy)
    admin.user_add(access_key, secret_key)
    admin.attach_policy([name], user=access_key)


def start_controller(namespace: str, managed: str, instance: str) -> None:
    """Start a workflow controller for one namespace, without any right elsewhere."""
    image = find_image("deployment", "workflow-controller")
    text = Template((Path(__file__).parent / "controller.yaml").read_text())
    kubectl("create", "namespace", namespace)
    manifest = text.substitute(namespace=namespace, managed=managed, instance=instance, image=image)
    kubectl("apply", "--filename=-", stdin=manifest)
    kubectl("rollout", "status", "deployment/workflow-controller", f"--namespace={namespace}", "--timeout=120s")


def list_objects(namespace: str, kinds: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        kubectl("get", kinds, f"--namespace={namespace}", "--output=json", "--show-managed-fields=false")
    )["items"]
    return found
