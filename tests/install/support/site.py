# SPDX-License-Identifier: Apache-2.0
"""A site in a separate namespace, installed by an account that has the documented Role and nothing else."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from checkout import CHECKOUT
from services import free_port, registry
from services.programs import STATE
from waiting import wait_for

from . import administrator
from .guide import Guide
from .playbooks import Run, make_environment, run

#: Objects of the namespace that playbooks make; what controllers make of them is left out.
KINDS = (
    "configmaps,secrets,services,serviceaccounts,persistentvolumeclaims,deployments,poddisruptionbudgets,networkpolicies,"
    "ingresses,roles,rolebindings,workflowtemplates,cronworkflows,workflows"
)
DOCKER = "unix:///run/cosmogony-stack/docker.sock"
MIRROR = "127.0.0.1:5000/cosmogony"
EXTRACT = f"http://samples.{administrator.BACKING}.svc.cluster.local/liechtenstein-2013-08-03.osm.pbf"
VOLATILE = ("resourceVersion", "generation", "managedFields")


@dataclass
class Site:
    """One site.

    Attributes:
        name: Name of the namespace, of the bucket, of the database and of its owner.
        folder: Where its inventory, its kubeconfig and its credentials are.
        log: File with the output of every command.
        registry: Address of the registry, which wants a login.
        argo: Namespace of its workflow controller, which has `name` as instance id; blank for that of the cluster.
        more: Further settings by file of the inventory.
    """

    name: str
    folder: Path
    log: Path
    registry: str
    argo: str = ""
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.password, self.secret_key = secrets.token_hex(12), secrets.token_hex(20)
        self.account = self.folder / "account.kubeconfig"
        self.inventory = self.folder / "inventory"
        (self.folder / "registry-password").write_text(registry.PASSWORD)
        self.guide = Guide(
            {
                "namespace cosmogony ": f"namespace {self.name} ",
                "namespace cosmogony\n": f"namespace {self.name}\n",
                "namespace: cosmogony}": f"namespace: {self.name}}}",
                "cosmogony:cosmogony-deployer": f"{self.name}:cosmogony-deployer",
                "--namespace databases": f"--namespace {administrator.SERVICES}",
                "create rolebinding cosmogony-port-forward": f"create rolebinding port-forward-{self.name}",
                "--namespace argo ": f"--namespace {self.argo} ",
                "~/.kube/cosmogony-deployer": str(self.account),
                "~/.kube": str(self.folder),
                "ROLE cosmogony": f'ROLE "{self.name}"',
                "DATABASE cosmogony OWNER cosmogony": f'DATABASE "{self.name}" OWNER "{self.name}"',
                "\\connect cosmogony": f"\\connect {self.name}",
                "TO cosmogony;": f'TO "{self.name}";',
                "user=cosmogony": f"user={self.name}",
                "THE PASSWORD": self.password,
                "THE SECRET KEY": self.secret_key,
                "THE-KEY": f"{self.name}-key",
                "registry.example.org": self.registry,
                "--username USER": f"--username {registry.USER}",
                "< FILE": f"< {self.folder / 'registry-password'}",
                "inventories/mine": str(self.inventory),
            }
        )

    # Sections of docs/install.md

    def follow(self, title: str, number: int, *, as_administrator: bool = False) -> str:
        """Run a block of the page; it must end well. Returns what it printed."""
        kubeconfig = administrator.KUBECONFIG if as_administrator else self.account
        environment = make_environment(
            {
                "KUBECONFIG": str(kubeconfig),
                "DOCKER_HOST": DOCKER,
                "PATH": f"{STATE / 'bin'}:{make_environment({})['PATH']}",
            }
        )
        block = self.guide.read_blocks(title)[number]
        return run(["bash", "-euo", "pipefail", "-c", block], environment, self.log).succeeded().output

    def make_database(self) -> None:
        (block,) = self.guide.read_blocks("Database", "sql")
        administrator.query("postgres", block)

    def make_bucket(self) -> None:
        administrator.make_bucket(self.name, f"{self.name}-key", self.secret_key, self.guide.list_bucket_rights())

    def copy_inventory(self) -> None:
        shutil.copytree(CHECKOUT / "inventories/prod", self.inventory)

    def write_inventory(self) -> None:
        """Change the settings that the page names, and those of a machine without a public registry."""
        services = administrator.SERVICES
        changes: dict[str, dict[str, Any]] = {
            "cluster.yml": {
                "cosmogony_kubeconfig": str(self.account),
                "cosmogony_namespace": self.name,
                "cosmogony_helm_binary": str(STATE / "bin/helm"),
                "cosmogony_argo": {"namespace": self.argo, "instance_id": self.name if self.argo else ""},
            },
            "registry.yml": {
                "cosmogony_registry": {"host": self.registry, "namespace": "geodata"},
                "cosmogony_image_pull_secrets": ["registry"],
                "cosmogony_base_image": f"{MIRROR}/debian:trixie-slim",
                "cosmogony_martin_image": f"{MIRROR}/martin:1.14.0",
                "cosmogony_docker_host": DOCKER,
            },
            "storage.yml": {
                "cosmogony_storage": {
                    "endpoint": f"minio.{services}.svc.cluster.local:9000",
                    "service": {"namespace": services, "name": "minio", "port": 9000},
                    "secure": False,
                    "bucket": self.name,
                }
            },
            "database.yml": {
                "cosmogony_database": {
                    "host": f"postgres.{services}.svc.cluster.local",
                    "service": {"namespace": services, "name": "postgres", "port": 5432},
                    "sslmode": "disable",
                    "name": self.name,
                    "user": self.name,
                }
            },
            "sources.yml": {"cosmogony_sources": {"extracts": [{"url": EXTRACT, "country_code": "li"}]}},
            "serving.yml": {"cosmogony_site_url": "https://cosmogony.example.org"},
            "options.yml": {
                "chart_namespace_manage": False,
                "workflows_storage_bucket_manage": False,
                "images_build_network": "host",
            },
        }
        for file, settings in self.more.items():
            changes[file] = _combine(changes.get(file, {}), settings)
        for file, settings in changes.items():
            self.change(file, settings)
        vault, password = self.folder / "vault.yml", self.folder / "vault-password"
        password.write_text(secrets.token_hex(12))
        login = {"vault_registry_username": registry.USER, "vault_registry_password": registry.PASSWORD}
        vault.write_text(yaml.safe_dump(login))
        encrypt = ["ansible-vault", "encrypt", f"--vault-password-file={password}", vault]
        run(encrypt, make_environment({}), self.log).succeeded()

    def change(self, file: str, settings: Mapping[str, Any]) -> None:
        """Lay settings over a file of the inventory."""
        path = self.inventory / "group_vars/all" / file
        path.write_text(yaml.safe_dump(_combine(yaml.safe_load(path.read_text()) or {}, settings), sort_keys=False))

    # Runs

    def log_text(self, text: str) -> None:
        with self.log.open("a") as log:
            log.write(text)

    def playbook(self, name: str, *options: str, **variables: Any) -> Run:
        """Run a playbook as the account."""
        command = [
            "ansible-playbook", CHECKOUT / name, f"--inventory={self.inventory}",
            f"--extra-vars=@{self.folder / 'vault.yml'}", f"--vault-password-file={self.folder / 'vault-password'}",
            *options,
        ]  # fmt: skip
        if variables:
            command.append(f"--extra-vars={json.dumps(variables)}")
        return run(command, make_environment({}), self.log)

    def check(self, name: str, **variables: Any) -> Run:
        """Run a playbook with --check and --diff: it ends well, and nothing is as it was not."""
        before = self.read_state()
        done = self.playbook(name, "--check", "--diff", **variables).succeeded()
        after = self.read_state()
        differing = {key for key in before | after if before.get(key) != after.get(key)}
        assert not differing, f"{name} --check changed {sorted(differing)}"
        return done

    # What is there

    def read_state(self) -> dict[str, str]:
        """Return a digest of each object of the namespace, of the bucket and of the database."""
        state = {}
        for item in administrator.list_objects(self.name, KINDS):
            for name in VOLATILE:
                item["metadata"].pop(name, None)
            item.pop("status", None)
            text = json.dumps(item, sort_keys=True)
            state[f"{item['kind']}/{item['metadata']['name']}"] = hashlib.sha256(text.encode()).hexdigest()
        for entry in administrator.store().list_objects(bucket_name=self.name, recursive=True):
            state[f"bucket {entry.object_name}"] = entry.etag or ""
        for line in administrator.query(self.name, TABLES).splitlines():
            name, _bar, rows = line.partition("|")
            state[f"table {name}"] = rows
        return state

    def list_releases(self) -> list[str]:
        """Return the kept releases, the live one first."""
        return administrator.query(
            self.name, "SELECT id FROM public.cosmogony_releases ORDER BY live DESC, id"
        ).splitlines()

    def digest_release(self) -> dict[str, str]:
        """Return the id of the live release, and number and digest of the rows of its tables."""
        statement = "SELECT schema_name FROM public.cosmogony_releases WHERE live"
        schema = administrator.query(self.name, statement)
        rows = "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {}.{} t"
        tables = ("zones", "zone_names", "tiles", "coverage", "statistics")
        digests = {table: administrator.query(self.name, rows.format(schema, table)) for table in tables}
        return {"release": self.list_releases()[0], **digests}

    @contextmanager
    def open_site(self) -> Iterator[str]:
        """Open the way in of the page, as the account; gives the address."""
        port = free_port()
        (block,) = self.guide.read_blocks("A way in")
        command = f"exec {block.partition('#')[0].strip()}".replace("8080:80", f"{port}:80")
        environment = make_environment({"KUBECONFIG": str(self.account)})
        with self.log.open("a") as log:
            forward = subprocess.Popen(["bash", "-c", command], env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(lambda: get(f"{url}/"), "the start page", limit=30)
            yield url
        finally:
            forward.terminate()
            forward.wait(timeout=30)


#: Number of rows of every table but those of the system, by name.
TABLES = """
SELECT format('%I.%I', schemaname, tablename),
       (xpath('/row/n/text()',
              query_to_xml(format('SELECT count(*) AS n FROM %I.%I', schemaname, tablename), false, true, '')))[1]
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def _combine(before: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    combined = dict(before)
    for name, value in over.items():
        below = combined.get(name)
        nested = isinstance(value, Mapping) and isinstance(below, Mapping) and value
        combined[name] = _combine(below, value) if nested else value
    return combined
