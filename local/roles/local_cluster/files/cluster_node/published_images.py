# SPDX-License-Identifier: Apache-2.0
"""Images that build_programs.py took from their publishers: folders with the files of an archive of Docker's."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster_node.docker_answers import split_reference, wait_for_docker
from cluster_node.settings import Settings


def find_published_image(settings: Settings, name: str) -> Mapping[str, Any] | None:
    """Return the entry of an image in the list of build_programs.py; None when the cache does not have the image."""
    return next((item for item in settings.programs if item["name"] == name and item.get("image")), None)


def load_image(client: Any, folder: Path, reference: str) -> None:
    """Load a published image into Docker, and give it a reference."""
    registry, repository, tag = split_reference(reference)
    with tempfile.TemporaryFile(dir=folder.parent) as archive:
        with tarfile.open(fileobj=archive, mode="w") as content:
            for path in sorted(folder.iterdir()):
                content.add(path, path.name)
        archive.seek(0)
        wait_for_docker(client.load_image(archive), f"load {reference}")
    # Docker names an image after its configuration.
    digest = hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()
    client.tag(f"sha256:{digest}", f"{registry}/{repository}", tag)
