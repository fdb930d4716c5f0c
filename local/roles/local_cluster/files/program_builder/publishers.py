# SPDX-License-Identifier: Apache-2.0
"""The publishers of programs, or their mirrors: which of them answer, and what they have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from program_builder.cache_folders import remove_tree
from program_builder.downloads import DownloadError, download_file, extract_members, find_silent_publishers
from program_builder.publications import Publication, PublishedFile, find_checksum
from program_builder.published_images import Registry
from program_builder.recipes import BuildError, Program
from program_builder.runner import Runner


class ProgramDownloader:
    """Downloads programs from publishers that answer; each is asked once."""

    def __init__(self, mirrors: Mapping[str, str], runner: Runner) -> None:
        self._mirrors = {publisher.rstrip("/"): mirror.rstrip("/") for publisher, mirror in mirrors.items()}
        self._runner = runner
        self._silent: dict[str, str] = {}

    def refuse_unused_mirrors(self, programs: Sequence[Program]) -> None:
        """Refuse mirrors of publishers that no program has.

        Raises:
            BuildError: names them, and the publishers there are.
        """
        known = {program.publication.publisher for program in programs if program.publication}
        if unknown := self._mirrors.keys() - known:
            raise BuildError(
                f"a mirror is set for {', '.join(sorted(unknown))}, which publishes none of the programs; "
                f"publishers: {', '.join(sorted(known)) or 'none for this kind of machine'}"
            )

    def find_answering(self, programs: Sequence[Program]) -> None:
        """Ask the publishers of programs whether they answer, and remember it."""
        addresses: dict[str, str] = {}
        for program in programs:
            if publication := program.publication:
                probe = self._get_address(publication, publication.probe_path)
                addresses.setdefault(publication.publisher, probe)
        if addresses:
            self._silent = find_silent_publishers(addresses, self._runner.stopped)
            answer = [publisher for publisher in addresses if publisher not in self._silent]
            self._runner.print_progress(f"publishers that answer: {', '.join(answer) or 'none'}")

    def download_program(self, program: Program, publication: Publication, target: Path) -> dict[str, str]:
        """Download the binaries of a program into `bin` of a folder, or its image into `image`, checked.

        Returns:
            The SHA-256 by address of what was downloaded.

        Raises:
            DownloadError: the publisher does not answer or does not have a file, or a file is not what it should be.
        """
        if reason := self._silent.get(publication.publisher):
            raise DownloadError(f"{publication.publisher} does not answer ({reason})")
        folder = target / "download"
        folder.mkdir()
        digests: dict[str, str] = {}
        for number, published in enumerate(publication.files, 1):
            address = self._get_address(publication, published.path)
            self._runner.print_progress(
                f"      {program.name} … downloading {number} of {len(publication.files)}: {address}"
            )
            digests[address] = self._download_checked(publication, published, folder)
            downloaded = folder / Path(published.path).name
            members = {binary: member for binary, member in published.members.items() if member}
            if members:
                extract_members(downloaded, members, target / "bin")
                downloaded.unlink()
            else:
                for binary in published.members:
                    downloaded.rename(target / "bin" / binary)
        registry = Registry(self._get_address(publication, ""), folder, self._runner.stopped)
        for number, image in enumerate(publication.images, 1):
            name = f"{image.repository}:{image.tag}"
            self._runner.print_progress(
                f"      {program.name} … downloading {number} of {len(publication.images)}: {name}"
            )
            if publication.is_taken_whole:
                digests |= registry.download_image(image, target / "image")
            else:
                digests |= registry.download_members(image, target / "bin")
        for path in (target / "bin").iterdir():
            path.chmod(0o755)
        remove_tree(folder)
        return digests

    def _download_checked(self, publication: Publication, published: PublishedFile, folder: Path) -> str:
        """Download a file and compare it with the checksum file and with the recipe; return its SHA-256."""
        name = Path(published.path).name
        address = self._get_address(publication, published.path)
        checksum_address = self._get_address(publication, published.checksum_path)
        checksums = folder / "checksums"
        download_file(checksum_address, checksums, self._runner.stopped)
        expected = find_checksum(checksums.read_text(encoding="utf-8", errors="replace"), name)
        if expected is None:
            raise DownloadError(f"{checksum_address}: no SHA-256 of {name}")
        digest = download_file(address, folder / name, self._runner.stopped)
        for wanted, origin in ((expected, checksum_address), (published.sha256, "published.toml")):
            if wanted and digest != wanted:
                raise DownloadError(f"{address}: wrong checksum {digest}; {origin} says {wanted}")
        return digest

    def _get_address(self, publication: Publication, path: str) -> str:
        return self._mirrors.get(publication.publisher, publication.publisher) + path


def compute_content_digest(folder: Path) -> str:
    """Return a digest of the names and contents of all files of a folder, as short as that of a recipe."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:12]
