# SPDX-License-Identifier: Apache-2.0
"""The chart as Helm renders it, and the workflows as role workflows does."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import render_workflow_templates
import yaml
from checkout import CHECKOUT, DATA
from services import skip_unless_available
from services.programs import find_program

CHART = CHECKOUT / "roles/chart/files/cosmogony"
TREX = {"tiles": {"engine": "trex"}, "trex": {"image": "registry.example.org/cosmogony/trex:0.9.2"}}


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
    return subprocess.run(
        [skip_unless_available(find_program, name), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


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
            f"--values={DATA / 'chart_values.yaml'}", f"--values={more}",
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
    return {made["metadata"]["name"]: made for made in render_workflow_templates.render_manifests(settings)}


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
        render_workflow_templates.write_manifests(list(manifests.values()), tmp_path)
        return tmp_path

    return write
