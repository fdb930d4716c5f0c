# SPDX-License-Identifier: Apache-2.0
"""Packages of an execution environment have the ranges of the checkout's own environment."""

from __future__ import annotations

import tomllib

import yaml
from checkout import CHECKOUT


def test_requirements_are_those_of_the_checkout() -> None:
    lines = (CHECKOUT / "meta/ee-requirements.txt").read_text().splitlines()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert set(lines[1:]) <= set(project["dependencies"])


def test_the_files_of_the_collection_exist() -> None:
    dependencies = yaml.safe_load((CHECKOUT / "meta/execution-environment.yml").read_text())["dependencies"]
    image = yaml.safe_load((CHECKOUT / "execution-environment.yml").read_text())["dependencies"]
    for kind in ("python", "system"):
        assert (CHECKOUT / dependencies[kind]).is_file()
        assert image[kind] == dependencies[kind]


def test_the_image_has_the_collections_without_galaxy() -> None:
    """Where AWX and its builder have no way to Galaxy, the Python package ansible brings the collections along."""
    dependencies = yaml.safe_load((CHECKOUT / "execution-environment.yml").read_text())["dependencies"]
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert dependencies["ansible_core"]["package_pip"] in project["dependencies"]
    assert "galaxy" not in dependencies
