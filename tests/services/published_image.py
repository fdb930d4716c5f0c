# SPDX-License-Identifier: Apache-2.0
"""An image in a publisher's registry: layers, a configuration, a manifest, and an index for one architecture."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping

from .publisher import Publisher


class PublishedImage:
    """An image under a tag."""

    def __init__(self, publisher: Publisher, repository: str, tag: str) -> None:
        self.publisher, self.repository = publisher, repository
        self.path = f"/v2/{repository}/manifests/{tag}"
        self.layers: list[str] = []
        self.config = ""

    def store(self, kind: str, body: bytes) -> str:
        """Store a blob or a manifest; return its digest."""
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.publisher.files[f"/v2/{self.repository}/{kind}/{digest}"] = body
        return digest

    def publish(self, *layers: Mapping[str, bytes], architecture: str = "test") -> None:
        """Publish layers of files as the image for an architecture; those of the old one stay, without a tag."""
        bodies = [pack_files(layer) for layer in layers]
        self.layers = [self.store("blobs", body) for body in bodies]
        root = {
            "type": "layers",
            "diff_ids": [f"sha256:{hashlib.sha256(gzip.decompress(body)).hexdigest()}" for body in bodies],
        }
        config = {"architecture": architecture, "os": "linux", "config": {}, "rootfs": root}
        self.config = self.store("blobs", json.dumps(config).encode())
        others = {"digest": f"sha256:{'0' * 64}", "platform": {"os": "windows", "architecture": architecture}}
        manifest = self.store("manifests", self.make_manifest(self.layers))
        chosen = {"digest": manifest, "platform": {"os": "linux", "architecture": architecture}}
        self.publisher.files[self.path] = json.dumps({"manifests": [others, chosen]}).encode()

    def make_manifest(self, layers: Iterable[str]) -> bytes:
        """Return a manifest that names layers."""
        digests = [{"digest": layer} for layer in layers]
        return json.dumps({"config": {"digest": self.config}, "layers": digests}).encode()

    def blob(self, number: int) -> str:
        """Return the path of a layer, the first is 0."""
        return f"/v2/{self.repository}/blobs/{self.layers[number]}"


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Return a .tar.gz with executable files."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=0) as content:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o755
            content.addfile(member, io.BytesIO(body))
    return archive.getvalue()
