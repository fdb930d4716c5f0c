# SPDX-License-Identifier: Apache-2.0
"""Renders the chart with the Helm of this machine."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "roles/chart/files/cosmogony"
STATE = Path(os.environ.get("COSMOGONY_STATE_DIR", "/var/lib/cosmogony-stack"))
_tool = importlib.util.spec_from_file_location("make_manifests", ROOT / "tools/make_manifests.py")
assert _tool is not None and _tool.loader is not None
make_manifests = importlib.util.module_from_spec(_tool)
_tool.loader.exec_module(make_manifests)
TREX = {"tiles": {"engine": "trex"}, "trex": {"image": "registry.example.org/cosmogony/trex:0.9.2"}}
PROGRAMS = Path.home() / ".cache/cosmogony-stack/programs"


def program(name: str) -> str:
    """Path of a program: of the local cluster, of the cache of built programs, or of PATH."""
    places = [STATE / "bin" / name, *sorted(PROGRAMS.glob(f"{name}-*/bin/{name}"))]
    found = next((str(place) for place in places if os.access(place, os.X_OK)), shutil.which(name))
    if found is None:
        pytest.skip(f"{name} is not on this machine; `make local` builds it")
    return found


@dataclass(frozen=True)
class Rendered:
    """Objects of a rendered chart, by kind and name."""

    objects: list[dict[str, Any]]
    text: str

    def __getitem__(self, key: str) -> dict[str, Any]:
        kind, _, name = key.partition("/")
        found = [o for o in self.objects if o["kind"] == kind and o["metadata"]["name"] == name]
        assert len(found) == 1, f"{key}: {len(found)} objects"
        return found[0]

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [o for o in self.objects if o["kind"] == kind]

    def pods(self) -> dict[str, dict[str, Any]]:
        """Pod specs by the object that makes them."""
        made = {}
        for item in self.objects:
            if item["kind"] == "Pod":
                made[f"Pod/{item['metadata']['name']}"] = item["spec"]
            elif item["kind"] in ("Deployment", "Job"):
                made[f"{item['kind']}/{item['metadata']['name']}"] = item["spec"]["template"]["spec"]
        return made


Render = Callable[..., Rendered]


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program(name), *arguments], capture_output=True, text=True, timeout=60, check=False)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def helm() -> Run:
    return functools.partial(run, "helm")


@pytest.fixture(scope="session")
def argo() -> Run:
    return functools.partial(run, "argo")


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render the chart with the least values and those given; a refusal is an AssertionError with Helm's words."""

    def rendered(values: dict[str, Any] | None = None) -> Rendered:
        more = tmp_path_factory.mktemp("values") / "values.yaml"
        more.write_text(yaml.safe_dump(values or {}))
        done = run("helm",
            "template", "cosmogony", str(CHART), "--namespace=geo",
            f"--values={ROOT / 'tests/chart/values.yaml'}", f"--values={more}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return Rendered([d for d in yaml.safe_load_all(done.stdout) if d], done.stdout)

    return rendered


@pytest.fixture(scope="session")
def default(render: Render) -> Rendered:
    return render()


@pytest.fixture(scope="session")
def full(render: Render) -> Rendered:
    """Everything that can be switched on."""
    scaling = {"enabled": True, "minReplicas": 2, "maxReplicas": 4, "targetCPUUtilizationPercentage": 60}
    return render(
        {
            **{part: {"autoscaling": scaling} for part in ("api", "tiles", "web")},
            "imagePullSecrets": ["registry"],
            "ingress": {"enabled": True, "className": "traefik", "hosts": ["cosmogony.example.org"]},
            "gateway": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["cosmogony.example.org"]},
        }
    )


def rendered_manifests(settings: dict[str, Any]) -> dict[str, Any]:
    """The workflow templates by their names, with these settings over those of settings.yaml."""
    return {made["metadata"]["name"]: made for made in make_manifests.render(settings)}


@pytest.fixture(scope="session")
def rendered() -> Callable[[dict[str, Any]], dict[str, Any]]:
    return rendered_manifests


@pytest.fixture(scope="session")
def rendered_trex() -> Callable[..., dict[str, Any]]:
    return lambda **trex: rendered_manifests({**TREX, "trex": {**TREX["trex"], **trex}})


@pytest.fixture(scope="session")
def manifests() -> dict[str, Any]:
    return rendered_manifests({})


@pytest.fixture(scope="session")
def trex_manifests() -> dict[str, Any]:
    return rendered_manifests(TREX)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes templates to files for Argo's programs; returns their folder."""

    def write(manifests: dict[str, Any]) -> Path:
        make_manifests.write(list(manifests.values()), tmp_path)
        return tmp_path

    return write
