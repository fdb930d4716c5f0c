# SPDX-License-Identifier: Apache-2.0
"""Role images with a real registry: what it would build, and what an edit renews. Nothing is built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT
from services import skip_unless_available
from services.registry import Registry

NAMES = ["ground", "first", "second", "other"]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    running = skip_unless_available(Registry, tmp_path_factory.mktemp("registry"))
    yield running
    running.stop()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in NAMES:
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(f"ARG BASE_IMAGE\nFROM ${{BASE_IMAGE}}\nLABEL name={name} of={tmp_path}\n")
    return tmp_path / "images"


def run(registry: Registry, sources: Path, **variables: Any) -> tuple[str, dict[str, Any]]:
    """Run the role in check mode; return what it said and its facts."""
    facts = sources.parent / "facts.json"
    content = "{{ {'missing': __images_missing | default([]) | map(attribute='name'), 'images': images_references} }}"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "cosmogony_registry": registry.address,
            "cosmogony_registry_namespace": "geo",
            "cosmogony_base_image": "registry.example.org/debian:trixie-slim",
            "cosmogony_martin_image": "registry.example.org/martin:1",
            "cosmogony_docker_host": "unix:///nonexistent/docker.sock",
            "images_source_dir": str(sources),
            "images_names": NAMES,
            "images_parents": {"first": "ground", "second": "ground"},
        }
        | variables,
        "tasks": [
            {"ansible.builtin.include_role": {"name": "cosmogony.stack.images"}},
            {
                "ansible.builtin.copy": {"content": content, "dest": str(facts), "mode": "0600"},
                "check_mode": False,
                "changed_when": False,
            },
        ],
    }
    playbook = sources.parent / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "--check", str(playbook)],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join((done.stdout + done.stderr).split())
    if done.returncode:
        return said, {}
    return said, json.loads(facts.read_text())


def test_an_edit_renews_exactly_what_is_made_from_it(registry: Registry, sources: Path) -> None:
    said, first = run(registry, sources)
    assert first, said
    assert first["missing"] == NAMES, "in the order in which they are built"
    ground = first["images"]["ground"]
    assert f"with BASE_IMAGE={ground}" in said
    assert "other with BASE_IMAGE=registry.example.org/debian:trixie-slim" in said
    for reference in first["images"].values():
        registry.push(reference)

    said, again = run(registry, sources)
    assert again == {"missing": [], "images": first["images"]}, said
    assert "changed=0" in said

    (sources / "ground/new").write_text("1")
    edited = run(registry, sources)[1]
    assert edited["missing"] == ["ground", "first", "second"]
    assert edited["images"]["other"] == first["images"]["other"]

    (sources / "ground/new").unlink()
    (sources / "second/new").write_text("1")
    assert run(registry, sources)[1]["missing"] == ["second"]


def test_nodes_may_know_the_registry_by_another_name(registry: Registry, sources: Path) -> None:
    said, facts = run(
        registry, sources, images_pull_registry="nodes.example.org:5000", images_names=["ground", "first"]
    )
    assert facts, said
    assert {reference.partition("/geo/")[0] for reference in facts["images"].values()} == {"nodes.example.org:5000"}
    assert f"with BASE_IMAGE={registry.address}/geo/ground:" in said


def test_the_order_of_building_is_checked(registry: Registry, sources: Path) -> None:
    said, _ = run(registry, sources, images_names=["first", "ground"])
    assert "first is made from ground (images_parents), which images_names does not name before it" in said


def test_published_images_need_no_tag_of_what_they_are_made_from(registry: Registry, sources: Path) -> None:
    tags = {"first": "1.2.0", "second": "sha256:00", "other": "1"}
    said, facts = run(registry, sources, images_build=False, images_tags=tags)
    prefix = f"{registry.address}/geo"
    images = {"first": f"{prefix}/first:1.2.0", "second": f"{prefix}/second@sha256:00", "other": f"{prefix}/other:1"}
    assert facts == {"missing": [], "images": images}, said
    said, _ = run(registry, sources, images_build=False, images_tags={"first": "1", "other": ""})
    assert "images_tags names no tag for second, other" in said


def test_the_images_of_the_stack(registry: Registry, sources: Path) -> None:
    """The defaults fit the folders: each image on the base says so in its Dockerfile, and no other one does."""
    defaults = yaml.safe_load((CHECKOUT / "roles/images/defaults/main.yml").read_text())
    for name in defaults["images_names"]:
        first = (CHECKOUT / "images" / name / "Dockerfile").read_text().split("FROM", 1)[0]
        parent = defaults["images_parents"].get(name)
        assert ("ARG BASE_IMAGE=cosmogony-base" in first) == (parent == "base"), name
