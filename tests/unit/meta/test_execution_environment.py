# SPDX-License-Identifier: Apache-2.0
"""Execution environments: what they are made of is what the checkout has, on Debian and on UBI."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT

DEFINITIONS = {"debian": "execution-environment.yml", "ubi": "execution-environment-ubi.yml"}


def read(system: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CHECKOUT / DEFINITIONS[system]).read_text()))


def test_requirements_are_those_of_the_checkout() -> None:
    lines = (CHECKOUT / "meta/ee-requirements.txt").read_text().splitlines()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert set(lines[1:]) <= set(project["dependencies"])


@pytest.mark.parametrize("system", DEFINITIONS)
def test_the_files_of_the_collection_exist(system: str) -> None:
    dependencies = yaml.safe_load((CHECKOUT / "meta/execution-environment.yml").read_text())["dependencies"]
    for kind in ("python", "system"):
        assert (CHECKOUT / dependencies[kind]).is_file()
        assert read(system)["dependencies"][kind] == dependencies[kind]


@pytest.mark.parametrize("system", DEFINITIONS)
def test_the_image_has_the_collections_without_galaxy(system: str) -> None:
    """Where AWX and its builder have no way to Galaxy, the Python package ansible brings the collections along."""
    dependencies = read(system)["dependencies"]
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert dependencies["ansible_core"]["package_pip"] in project["dependencies"]
    assert "galaxy" not in dependencies


def test_both_systems_have_the_same_contents() -> None:
    debian, ubi = read("debian"), read("ubi")
    for one in (debian, ubi):
        one["dependencies"].pop("python_interpreter")
    assert debian["dependencies"] == ubi["dependencies"]
    assert debian["additional_build_files"] == ubi["additional_build_files"]
    assert debian["additional_build_steps"]["append_final"] == ubi["additional_build_steps"]["append_final"]


@pytest.mark.parametrize(("system", "manager"), [("debian", "/usr/bin/apt-get"), ("ubi", "/usr/bin/dnf")])
def test_the_definition_is_rendered(tmp_path: Path, system: str, manager: str) -> None:
    """By ansible-builder, which checks it against its schema; only the program of Helm is not here yet."""
    definition = read(system)
    helm = tmp_path / "build/ee/helm"
    helm.parent.mkdir(parents=True)
    helm.touch()
    for name in definition["dependencies"]["python"], definition["dependencies"]["system"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((CHECKOUT / name).read_text())
    (tmp_path / DEFINITIONS[system]).write_text(yaml.safe_dump(definition))
    builder = Path(sys.executable).with_name("ansible-builder")
    command = [
        builder,
        "create",
        "--file",
        DEFINITIONS[system],
        "--context",
        "context",
        "--output-filename",
        "Dockerfile",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    rendered = (tmp_path / "context/Dockerfile").read_text()
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in rendered
    assert f'ARG PKGMGR="{manager}"' in rendered
    assert "USER 1000" in rendered
