# SPDX-License-Identifier: Apache-2.0
"""An image that is taken whole from a registry runs in the Docker of the local cluster, as Martin's does."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import build_programs
import docker
import pytest
from checkout import IMAGES
from cluster_node.published_images import load_image
from program_builder.recipes import load_recipe
from services.publisher import Publisher, publishing

REGISTRY = "127.0.0.1:5000"
REPOSITORY = "cosmogony/martin"
LOADED, TILES = (f"{REGISTRY}/cosmogony/{name}:published" for name in ("test-martin", "test-tiles"))
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
PROGRAM = Path(build_programs.__file__).parent / "programs/martin"


def read_registry(path: str) -> bytes:
    request = urllib.request.Request(f"http://{REGISTRY}/v2/{REPOSITORY}/{path}", headers={"Accept": MANIFEST})
    with urllib.request.urlopen(request, timeout=60) as answer:
        body: bytes = answer.read()
    return body


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """The registry of Martin's publisher, with the image that the local cluster uses."""
    with publishing() as server:
        image = load_recipe(PROGRAM).publication.images[0]
        manifest = read_registry(f"manifests/{image.tag}")
        names = json.loads(manifest)
        for digest in [names["config"]["digest"], *(layer["digest"] for layer in names["layers"])]:
            server.files[f"/v2/{image.repository}/blobs/{digest}"] = read_registry(f"blobs/{digest}")
        server.files |= {"/v2/": b"{}", f"/v2/{image.repository}/manifests/{image.tag}": manifest}
        yield server


@pytest.fixture
def engine() -> Iterator[Any]:
    client = docker.DockerClient(base_url="unix:///run/cosmogony-stack/docker.sock", timeout=120)
    yield client
    for name in (TILES, LOADED):
        client.images.remove(name, force=True)
    client.close()


def test_the_image_of_the_tile_server_is_made_from_a_published_martin(
    tmp_path: Path, publisher: Publisher, engine: Any
) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/martin").symlink_to(PROGRAM)
    options = [f"--cache={tmp_path / 'cache'}", f"--programs={tmp_path / 'programs'}", "--source=published"]
    assert build_programs.main([*options, f"--mirror=https://ghcr.io={publisher.address}"]) == 0
    (folder,) = tmp_path.glob("cache/programs/martin-published-*/image")
    load_image(engine.api, folder, LOADED)
    engine.images.build(path=str(IMAGES / "tiles"), tag=TILES, buildargs={"MARTIN_IMAGE": LOADED}, network_mode="host")
    run = {"remove": True, "network_mode": "host", "read_only": True}
    version = load_recipe(PROGRAM).version
    assert version in engine.containers.run(TILES, ["--version"], entrypoint="martin", **run).decode()
    with pytest.raises(docker.errors.ContainerError, match="POSTGRES_HOST is not set"):
        engine.containers.run(TILES, **run)
