# SPDX-License-Identifier: Apache-2.0
"""Providers: which one is taken, what they run and write, and how they say that the cluster is reached.

The programs that providers call are stand-ins that record their command lines; kind, k3d and minikube themselves are
not run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_plays import evaluate, run_play
from checkout import CHECKOUT, ROLES

ROLE = ROLES["cosmogony.local.local_cluster"]
KEYS = {
    "provider", "kubeconfig", "context", "push_registry", "pull_registry", "docker_host", "build_network", "helm",
    "kubectl", "base_image", "martin_image", "backing_namespace", "fixed_addresses", "site",
}  # fmt: skip
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> {calls}
case "$(basename "$0") $*" in
{answers}
esac
exit {otherwise}
"""
SERVICE = {"built": True, "binaries": [], "directory": "/nowhere"}


class Machine:
    """A machine with some programs, with given answers, which record how they were called."""

    def __init__(self, folder: Path, system: Path) -> None:
        self.folder = folder
        self.system = system
        self.state = folder / "state"
        self.state.mkdir()
        self.bin = folder / "bin"
        self.bin.mkdir()

    def install(self, name: str, answers: dict[str, str] | None = None, otherwise: int = 0) -> None:
        """Add a program; an answer is shell code, run for arguments that match its pattern."""
        cases = "\n".join(f"  {name}\\ {pattern}) {code}; exit 0 ;;" for pattern, code in (answers or {}).items())
        (self.bin / name).write_text(PROGRAM.format(calls=self.folder / "calls", answers=cases, otherwise=otherwise))
        (self.bin / name).chmod(0o755)

    def calls(self, *names: str) -> list[str]:
        """The command lines of these programs so far."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.replace(str(self.state), "STATE") for line in lines if line.split()[0] in names]

    def task(self, *, tasks_from: str = "main", **variables: Any) -> dict[str, Any]:
        """A task that runs an entry point of the role here."""
        built = json.dumps([{**SERVICE, "name": name} for name in ("argo", "minio")])
        for name, answer in {"builder": built, "node": '{"changed": false}'}.items():
            (self.folder / name).write_text(f"#!/bin/sh\ntimeout 5 cat > /dev/null\necho '{answer}'\n")
            (self.folder / name).chmod(0o755)
        given = {
            "local_cluster_state_dir": str(self.state),
            "local_cluster_cache_dir": str(self.folder / "cache"),
            "__local_cluster_builder": [str(self.folder / "builder")],
            "__local_cluster_node": [str(self.folder / "node")],
            "__local_cluster_answer_seconds": 1,
            **variables,
        }
        role = {"name": "cosmogony.local.local_cluster", "tasks_from": tasks_from}
        include = {"name": "Run the role", "ansible.builtin.include_role": role, "vars": given}
        return {"block": [include], "environment": {"PATH": f"{self.bin}:{self.system}"}}

    def run(self, **options: Any) -> None:
        """Run an entry point of the role here; it must end well."""
        run_play(self.folder, {"tasks": [self.task(**options)]})

    def reached(self) -> dict[str, Any]:
        """The recorded fact."""
        return dict(json.loads((self.state / "local_cluster.json").read_text()))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of this machine, without those that providers call."""
    folder = tmp_path_factory.mktemp("system")
    for path in Path("/usr/bin").iterdir():
        if path.name not in {"docker", "helm", "k3d", "kind", "kubectl", "minikube"}:
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def laptop(tmp_path: Path, system: Path) -> Machine:
    return make_laptop(tmp_path, system)


def make_laptop(folder: Path, system: Path) -> Machine:
    """Return a machine with Docker, kubectl and helm; neither is it Debian nor are we root."""
    machine = Machine(folder, system)
    machine.install("docker", {"version*": "echo 29.0.0", "*inspect*": "exit 1"})
    machine.install("kubectl", otherwise=1)
    machine.install("helm")
    machine.install("id", {"--user": "echo 1000"})
    return machine


@dataclass
class Refusals:
    """What the role says on machines where it cannot go on, and the output of the play as a whole."""

    machines: dict[str, Machine]
    messages: dict[str, str]
    output: str


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory, system: Path) -> Refusals:
    """One play for all of them: starting Ansible takes longer than the role."""
    machines: dict[str, Machine] = {}
    tasks: list[dict[str, Any]] = []
    said = "{{{{ said | default({{}}) | combine({{'{}': ansible_failed_result.msg}}) }}}}"

    def attempt(name: str, machine: Machine, **options: Any) -> None:
        machines[name] = machine
        rescue = [{"name": "Record what it says", "ansible.builtin.set_fact": {"said": said.format(name)}}]
        tasks.append({**machine.task(**options), "rescue": rescue})

    for provider in ("kind", "k3d", "minikube"):
        machine = Machine(tmp_path_factory.mktemp(provider), system)
        machine.install("docker", {"version*": "echo Cannot connect >&2; exit 1"})
        attempt(provider, machine, local_cluster_provider=provider)

    reaching = make_laptop(tmp_path_factory.mktemp("reaching"), system)
    reaching.install("kubectl", {"config*": "echo production"})
    reaching.install("docker", otherwise=1)
    attempt("reaching", reaching)

    nothing = make_laptop(tmp_path_factory.mktemp("nothing"), system)
    nothing.install("docker", otherwise=1)
    attempt("nothing", nothing)

    unnamed = Machine(tmp_path_factory.mktemp("unnamed"), system)
    attempt("unnamed", unnamed, local_cluster_provider="existing")

    there = Machine(tmp_path_factory.mktemp("there"), system)
    (there.state / "local_cluster.json").write_text(json.dumps({"provider": "existing", "kubeconfig": "/x/config"}))
    attempt("there", there, tasks_from="down")

    folder = tmp_path_factory.mktemp("refusals")
    tasks.append({"ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": f"{folder}/said"}})
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBECONFIG", raising=False)
        done = run_play(folder, {"tasks": tasks}, limit=600)
    messages = {name: " ".join(text.split()) for name, text in json.loads((folder / "said").read_text()).items()}
    return Refusals(machines, messages, " ".join(done.stdout.split()))


def test_auto_takes_kind_where_docker_answers(laptop: Machine) -> None:
    laptop.install("kind", {"get\\ clusters": "true"})
    laptop.install("k3d")
    laptop.run()
    assert laptop.reached() | {"kubeconfig": ""} == {
        "provider": "kind",
        "kubeconfig": "",
        "context": "kind-cosmogony",
        "push_registry": "localhost:5001",
        "pull_registry": "localhost:5001",
        "docker_host": "unix:///var/run/docker.sock",
        "build_network": "",
        "helm": "helm",
        "kubectl": "kubectl",
        "base_image": "docker.io/library/debian:trixie-slim",
        "martin_image": "ghcr.io/maplibre/martin:1.14.0",
        "backing_namespace": "cosmogony-backing",
        "fixed_addresses": False,
        "site": "",
    }
    assert laptop.calls("kind")[-1] == (
        "kind create cluster --name=cosmogony --config=STATE/etc/kind/cluster.yaml "
        "--kubeconfig=STATE/kubeconfig-kind --wait=300s"
    )
    assert laptop.calls("docker")[-1] == (
        "docker run --detach --restart=always --publish=127.0.0.1:5001:5000 --network=kind "
        "--name=cosmogony-kind-registry docker.io/library/registry:3"
    )
    cluster = yaml.safe_load((laptop.state / "etc/kind/cluster.yaml").read_text())
    (mount,) = cluster["nodes"][0]["extraMounts"]
    assert (cluster["kind"], cluster["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")
    assert mount["containerPath"] == "/etc/containerd/certs.d"
    hosts = Path(mount["hostPath"]) / "localhost:5001/hosts.toml"
    assert hosts.read_text() == '[host."http://cosmogony-kind-registry:5000"]\n'


@pytest.mark.long
def test_a_cluster_of_kind_that_is_there_is_started_only(laptop: Machine) -> None:
    laptop.install("kind", {"get\\ clusters": "echo cosmogony"})
    laptop.install("docker", {"version*": "echo 29.0.0", "container\\ inspect*": "echo true"})
    laptop.run(local_cluster_provider="kind")
    assert [call.split()[1] for call in laptop.calls("kind")] == ["get", "export"]
    assert [call.split()[1] for call in laptop.calls("docker")] == ["version", "start", "container"]


@pytest.mark.long
def test_k3d_makes_its_registry(laptop: Machine) -> None:
    laptop.install("k3d", {"cluster\\ list*": "echo '[]'"})
    laptop.run()
    assert laptop.calls("k3d")[-2:] == [
        "k3d cluster create --config=STATE/etc/k3d/cluster.yaml --wait --timeout=300s",
        "k3d kubeconfig write cosmogony --output=STATE/kubeconfig-k3d",
    ]
    config = yaml.safe_load((laptop.state / "etc/k3d/cluster.yaml").read_text())
    assert (config["apiVersion"], config["kind"]) == ("k3d.io/v1alpha5", "Simple")
    assert config["metadata"] == {"name": "cosmogony"}
    registry = config["registries"]["create"]
    assert registry == {"name": "cosmogony-k3d-registry", "host": "127.0.0.1", "hostPort": "5001"}
    reached = laptop.reached()
    assert reached.keys() == KEYS
    assert (reached["push_registry"], reached["pull_registry"]) == ("localhost:5001", "cosmogony-k3d-registry:5000")
    assert reached["context"] == "k3d-cosmogony"


@pytest.mark.long
def test_a_stopped_cluster_of_k3d_is_started(laptop: Machine) -> None:
    laptop.install("k3d", {"cluster\\ list*": """echo '[{"name": "cosmogony", "serversRunning": 0}]'"""})
    laptop.run(local_cluster_provider="k3d")
    assert "k3d cluster start cosmogony --wait --timeout=300s" in laptop.calls("k3d")
    assert not [call for call in laptop.calls("k3d") if "create" in call]


@pytest.mark.long
def test_minikube_pulls_from_a_registry_in_its_network(laptop: Machine) -> None:
    laptop.install("minikube", {"status*": "exit 85"})
    laptop.run(local_cluster_provider="minikube")
    assert laptop.calls("minikube")[-1] == (
        "minikube start --profile=cosmogony --driver=docker --network=cosmogony "
        "--insecure-registry=cosmogony-minikube-registry:5000 --wait=all"
    )
    assert "docker network create cosmogony" in laptop.calls("docker")
    reached = laptop.reached()
    assert reached.keys() == KEYS
    assert (reached["context"], reached["pull_registry"]) == ("cosmogony", "cosmogony-minikube-registry:5000")


@pytest.mark.parametrize("provider", ["kind", "k3d", "minikube"])
def test_what_is_missing_is_named_together(refusals: Refusals, provider: str) -> None:
    missing = (f"{provider} is not on PATH", "helm is not on PATH", "Docker does not answer: Cannot connect")
    for part in (*missing, "-e local_provider="):
        assert part in refusals.messages[provider]
    assert not (refusals.machines[provider].state / "local_cluster.json").exists()


def test_the_cluster_of_kubectl_is_never_taken_silently(refusals: Refusals) -> None:
    said = refusals.messages["reaching"]
    assert "The cluster of context production, which kubectl reaches, is taken only when you say so." in said
    assert "-e local_provider=existing" in said
    assert {call.split()[1] for call in refusals.machines["reaching"].calls("kubectl")} == {"config", "version"}


def test_nothing_to_take_is_said_with_the_next_step(refusals: Refusals) -> None:
    said = refusals.messages["nothing"]
    assert "kind and k3d need Docker, which does not answer" in said
    assert "-e local_provider=native, kind, k3d, minikube or existing" in said


@pytest.mark.long
def test_auto_keeps_the_provider_of_the_last_run(laptop: Machine) -> None:
    (laptop.state / "local_cluster.json").write_text(json.dumps({"provider": "k3d"}))
    laptop.install("kind", {"get\\ clusters": "true"})
    laptop.install("k3d", {"cluster\\ list*": "echo '[]'"})
    laptop.run()
    assert laptop.reached()["provider"] == "k3d"
    assert laptop.calls("kind") == []


def test_existing_wants_a_kubeconfig_and_a_registry(refusals: Refusals) -> None:
    lacking = "Provider existing lacks kubeconfig, push_registry in local_cluster_existing"
    assert lacking in refusals.messages["unnamed"]


def test_an_existing_cluster_is_left_running(refusals: Refusals) -> None:
    assert "there" not in refusals.messages
    assert "/x/config was there before, so it is left running" in refusals.output


@pytest.mark.long
@pytest.mark.parametrize(
    ("tasks_from", "expected"),
    [
        ("down", ["docker stop cosmogony-control-plane cosmogony-kind-registry"]),
        ("clean", ["kind delete cluster --name=cosmogony", "docker rm --force cosmogony-kind-registry"]),
    ],
)
def test_what_a_provider_made_it_stops_and_removes(laptop: Machine, tasks_from: str, expected: list[str]) -> None:
    (laptop.state / "local_cluster.json").write_text(json.dumps({"provider": "kind"}))
    laptop.install("kind")
    laptop.run(tasks_from=tasks_from)
    assert laptop.calls("docker", "kind") == expected
    assert (laptop.state / "local_cluster.json").exists() is (tasks_from == "down")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the local inventory says before a first run, and with the record of an existing cluster."""
    folder = tmp_path_factory.mktemp("inventory")
    record = dict.fromkeys(KEYS, "") | {
        "provider": "existing",
        "kubeconfig": "/x/config",
        "context": "there",
        "push_registry": "registry.example.org",
        "backing_namespace": "backing",
        "fixed_addresses": False,
    }
    (folder / "there").mkdir()
    (folder / "there/local_cluster.json").write_text(json.dumps(record))
    native, there = ({"cosmogony_state_dir": str(folder / name)} for name in ("native", "there"))
    settings = "lookup('cosmogony.stack.settings')"
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "inventory": ("local_cluster", native),
        "role": ("__local_cluster_native", native),
        "native": (settings, native),
        "there": (settings, there),
        "sources": ("cosmogony_sources", there),
    }
    return evaluate(folder, cases, f"-e@{ROLE}/vars/main.yml", inventory=str(CHECKOUT / "inventories/local"))


def test_the_inventory_begins_with_the_native_cluster(evaluated: dict[str, Any]) -> None:
    assert evaluated["inventory"] == evaluated["role"]


def test_settings_follow_the_cluster(evaluated: dict[str, Any]) -> None:
    native = evaluated["native"]
    assert native["storage"]["endpoint"] == "10.96.0.20:9000"
    assert native["database"]["host"] == "10.96.0.21"
    assert native["site_url"] == "http://127.0.0.1:8080"
    assert native["web"]["cluster_ip"] == "10.96.0.30"
    settings = evaluated["there"]
    assert (settings["kubeconfig"], settings["kube_context"]) == ("/x/config", "there")
    assert settings["registry"]["host"] == "registry.example.org"
    assert settings["storage"]["endpoint"] == "minio.backing.svc.cluster.local:9000"
    assert settings["storage"]["service"] == {"namespace": "backing", "name": "minio", "port": 9000}
    assert settings["database"]["host"] == "postgres.backing.svc.cluster.local"
    assert settings["database"]["service"] == {"namespace": "backing", "name": "postgres", "port": 5432}
    assert settings["web"]["cluster_ip"] == ""
    assert settings["site_url"] == ""
    assert {source["url"].split("/")[2] for source in evaluated["sources"]} == {"samples.backing.svc.cluster.local"}
