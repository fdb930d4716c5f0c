# SPDX-License-Identifier: Apache-2.0
"""Files out of published images, by the API of registries (github.com/opencontainers/distribution-spec, spec.md)."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from program_builder.downloads import DownloadError, download_file, extract_members, list_members
from program_builder.publications import PublishedImage

ACCEPTED = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)


@dataclasses.dataclass(frozen=True)
class _FoundImage:
    """An image in a registry: address and digest of its manifest, digests of its configuration and its layers."""

    address: str
    digest: str
    config: str
    layers: tuple[str, ...]


class Registry:
    """A registry that is read without a password; it may want a token, which it gives to anybody."""

    def __init__(self, address: str, folder: Path, stopped: threading.Event) -> None:
        """Take the address of a registry, a folder for what is downloaded, and what ends a download."""
        self._address = address
        self._folder = folder
        self._stopped = stopped
        self._headers: dict[str, str] = {}

    def download_members(self, image: PublishedImage, target: Path) -> dict[str, str]:
        """Write files of an image into a folder, each under the name that it has in the image's `members`.

        Every manifest and layer that is asked for by its digest is compared with that digest.

        Returns:
            The digest of the image's manifest by its address.

        Raises:
            DownloadError: the image, its variant for this machine or a file is missing, or something is not as it
                should be.
        """
        found_image = self._find_image(image)
        wanted = dict(image.members)
        for layer in reversed(found_image.layers):  # the last one that has a file counts
            if wanted:
                archive = self._folder / "layer"
                blob = f"/v2/{image.repository}/blobs/{layer}"
                self._download(blob, archive, layer)
                names = list_members(archive, self._address + blob)
                found = {name: names[member] for name, member in wanted.items() if member in names}
                extract_members(archive, found, target)
                wanted = {name: member for name, member in wanted.items() if name not in found}
                archive.unlink()
        if wanted:
            raise DownloadError(f"{found_image.address}: the image has no file {', '.join(sorted(wanted.values()))}")
        return {found_image.address: found_image.digest}

    def download_image(self, image: PublishedImage, target: Path) -> dict[str, str]:
        """Write an image into a new folder: the files of an archive that `docker load` takes, named as there.

        Everything that is asked for by its digest is compared with that digest.

        Returns:
            The digest of the image's manifest by its address.

        Raises:
            DownloadError: as in `download_members`.
        """
        found = self._find_image(image)
        target.mkdir()
        names = {found.config: "config.json"}
        names |= {layer: f"layer-{number}" for number, layer in enumerate(dict.fromkeys(found.layers), 1)}
        for digest, name in names.items():
            self._download(f"/v2/{image.repository}/blobs/{digest}", target / name, digest)
        manifest = {"Config": "config.json", "RepoTags": None, "Layers": [names[layer] for layer in found.layers]}
        (target / "manifest.json").write_text(json.dumps([manifest]), encoding="utf-8")
        return {found.address: found.digest}

    def _find_image(self, image: PublishedImage) -> _FoundImage:
        """Return what the manifest of an image for this kind of machine names."""
        where = f"/v2/{image.repository}/manifests"
        address = f"{self._address}{where}/{image.tag}"
        manifest, digest = self._read_manifest(f"{where}/{image.tag}")
        try:
            if "manifests" in manifest:
                chosen = _choose_manifest(manifest, image, address)
                manifest, _ = self._read_manifest(f"{where}/{chosen}", chosen)
            layers = tuple(str(layer["digest"]) for layer in manifest["layers"])
            return _FoundImage(address, digest, str(manifest["config"]["digest"]), layers)
        except (KeyError, TypeError) as error:
            raise DownloadError(f"{address}: not the manifest of an image") from error

    def _read_manifest(self, path: str, digest: str = "") -> tuple[dict[str, Any], str]:
        """Return a manifest and its digest."""
        file = self._folder / "manifest.json"
        found = self._download(path, file, digest, {"Accept": ACCEPTED})
        try:
            manifest = json.loads(file.read_bytes())
        except ValueError as error:
            raise DownloadError(f"{self._address}{path}: not JSON: {error}") from error
        if not isinstance(manifest, dict):
            raise DownloadError(f"{self._address}{path}: not the manifest of an image")
        return manifest, found

    def _download(self, path: str, target: Path, digest: str, headers: Mapping[str, str] | None = None) -> str:
        """Download what has a digest (blank: any), with a token where one is wanted; return the digest."""
        address = self._address + path
        for attempt in (1, 2):
            try:
                found = download_file(address, target, self._stopped, {**(headers or {}), **self._headers})
                break
            except DownloadError as error:
                if attempt == 2 or error.status != 401 or not error.challenge:
                    raise
                self._headers = {"Authorization": f"Bearer {self._fetch_token(error.challenge, address)}"}
        found = f"sha256:{found}"
        if digest and digest != found:
            raise DownloadError(f"{address}: wrong checksum {found}")
        return found

    def _fetch_token(self, challenge: str, address: str) -> str:
        """Return the token that a registry wants according to its header WWW-Authenticate."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = fields.pop("realm", "")
        if not challenge.lower().startswith("bearer ") or not realm:
            raise DownloadError(f"{address}: wants a password")
        file = self._folder / "token.json"
        download_file(f"{realm}?{urllib.parse.urlencode(fields)}", file, self._stopped)
        try:
            answer = json.loads(file.read_bytes())
            return str(answer.get("token") or answer["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise DownloadError(f"{realm}: gave no token") from error
        finally:
            file.unlink()


def _choose_manifest(index: Mapping[str, Any], image: PublishedImage, address: str) -> str:
    """Return the digest of the image for this kind of machine."""
    for entry in index["manifests"]:
        platform = entry.get("platform", {})
        if platform.get("os") == "linux" and platform.get("architecture") == image.architecture:
            return str(entry["digest"])
    raise DownloadError(f"{address}: no image for linux/{image.architecture}")
