# SPDX-License-Identifier: Apache-2.0
"""Where publishers have the files of programs: `published.toml` beside a recipe. It is not part of the digest."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class PublishedFile:
    """A file of a publisher: a binary, or an archive of several."""

    path: str  # like all paths here, below the publisher's address
    checksum_path: str
    members: Mapping[str, str | None]  # by the name of the binary; None: the file itself is the binary
    sha256: str | None


@dataclasses.dataclass(frozen=True)
class PublishedImage:
    """An image in a registry, and the binaries in it."""

    repository: str
    tag: str
    architecture: str
    members: Mapping[str, str]  # path in the image by the name of the binary


@dataclasses.dataclass(frozen=True)
class Publication:
    """The files or images that make a program on one kind of machine."""

    publisher: str
    files: tuple[PublishedFile, ...] = ()
    images: tuple[PublishedImage, ...] = ()
    is_taken_whole: bool = False  # the image is what is wanted, not only the binaries in it

    @property
    def probe_path(self) -> str:
        """What is asked for to learn whether the publisher answers."""
        return self.files[0].checksum_path if self.files else "/v2/"


def load_publication(path: Path, version: str, binaries: Iterable[str], machine: str) -> Publication | None:
    """Read where the files of a program are.

    Args:
        path: `published.toml` of the program; a program without one is built.
        version: The program's version.
        binaries: Names of the program's binaries.
        machine: The kind of machine, as `uname -m` prints it.

    Returns:
        None when nobody publishes the program for this kind of machine.

    Raises:
        ValueError: the file is incomplete or cannot be read.
    """
    if not path.is_file():
        return None
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    needed = {"tag", "machines"} if "images" in settings else {"file", "checksum", "machines"}
    if missing := {"publisher", *needed} - settings.keys():
        raise ValueError(f"{', '.join(sorted(missing))} missing")
    if machine not in settings["machines"]:
        return None

    def fill(template: str, binary: str = "") -> str:
        return template.format(version=version, machine=settings["machines"][machine], binary=binary)

    def describe_file(binary: str, members: Mapping[str, str | None]) -> PublishedFile:
        name = fill(settings["file"], binary)
        checksum = settings.get("sha256", {}).get(name)
        return PublishedFile(name, fill(settings["checksum"], binary), members, checksum)

    if found := settings.get("images"):
        tag, architecture = fill(settings["tag"]), settings["machines"][machine]
        images = [PublishedImage(name, tag, architecture, members) for name, members in found.items()]
        if unknown := set(binaries) - {binary for image in images for binary in image.members}:
            raise ValueError(f"no image has {', '.join(sorted(unknown))}")
        is_taken_whole = bool(settings.get("whole"))
        if is_taken_whole and len(images) != 1:
            raise ValueError("one image is taken whole, not several")
        return Publication(settings["publisher"], images=tuple(images), is_taken_whole=is_taken_whole)
    if member := settings.get("member"):
        files = [describe_file("", {binary: fill(member, binary) for binary in binaries})]
    else:
        files = [describe_file(binary, {binary: None}) for binary in binaries]
    return Publication(settings["publisher"], tuple(files))


def find_checksum(text: str, name: str) -> str | None:
    """Return the SHA-256 of a file out of a checksum file: the digest alone, or lines of a digest and a name."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for digest, *names in lines:
        is_this = names[0].removeprefix("*").rpartition("/")[2] == name if names else len(lines) == 1
        if is_this and re.fullmatch("[0-9a-fA-F]{64}", digest):
            return digest.lower()
    return None
