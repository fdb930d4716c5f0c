# SPDX-License-Identifier: Apache-2.0
"""Recipes of programs: folders with `program.toml`, the locked modules for Go, and where the program is published."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from program_builder.publications import Publication, load_publication

# Part of every digest: raise it when a change of the builder changes what a build produces.
RECIPE_FORMAT = 1
# The order of the build. Beside Kubernetes what shares little with it; what shares much comes after it.
ORDER = (
    "kubernetes",
    "martin",
    "minio",
    "etcd",
    "argo",
    "coredns",
    "local-path-provisioner",
    "helm",
    "debian",
    "traefik",
)
GO_MINIMUM = (1, 26)
RUST_MINIMUM = (1, 94)
# Where programs come from. auto: what the cache has; otherwise published where the publisher answers, built where not.
SOURCES = ("auto", "published", "built")
# none: an image that is taken where it is published, and made by the node tool where not.
TOOLCHAINS = {
    "go": f"go>={'.'.join(map(str, GO_MINIMUM))}",
    "rust": f"rust>={'.'.join(map(str, RUST_MINIMUM))}",
    "none": "",
}


class BuildError(Exception):
    """A failure with a cause and a next step, shown without a traceback."""


@dataclasses.dataclass(frozen=True)
class Program:
    """A program and the recipe in its folder."""

    name: str
    folder: Path
    recipe: Mapping[str, Any]
    digest: str
    machine: str
    publication: Publication | None

    @property
    def version(self) -> str:
        """The version that the program has to report."""
        return str(self.recipe["version"])

    @property
    def optional(self) -> bool:
        """Whether the program is left out unless it is asked for."""
        return bool(self.recipe.get("optional"))

    @property
    def binaries(self) -> Mapping[str, str]:
        """Packages (Go) or crates (Rust) by the name of the binary that is made of each."""
        return dict(self.recipe.get("binaries", {}))

    @property
    def can_be_built(self) -> bool:
        """Whether there is a compiler for it; otherwise it can only be taken from its publisher."""
        return str(self.recipe["toolchain"]) != "none"

    def build_directory(self, programs_cache: Path) -> Path:
        """Return the folder that the program is built into."""
        return programs_cache / f"{self.name}-{self.digest}"

    def download_directory(self, programs_cache: Path) -> Path:
        """Return the folder that the published program is downloaded into."""
        return programs_cache / f"{self.name}-published-{self.version}-{self.machine}"

    def find_directory(self, programs_cache: Path, source: str) -> Path | None:
        """Return the folder of the cache with the complete program, of a source; None when the cache has none."""
        folders = [self.build_directory(programs_cache)]
        if self.publication and source != "built":
            folders.append(self.download_directory(programs_cache))
        if self.publication and source == "published":
            folders = folders[1:]
        # build.json is written last.
        return next((folder for folder in folders if (folder / "build.json").is_file()), None)

    def is_missing(self, programs_cache: Path, source: str) -> bool:
        """Return whether the cluster cannot be made without a download or a build of the program."""
        return self.can_be_built and self.find_directory(programs_cache, source) is None

    def describe(self, programs_cache: Path, source: str) -> dict[str, Any]:
        """Return what the cache has of the program, for the output in JSON; `image` is the folder of an image."""
        folder = self.find_directory(programs_cache, source)
        digest = json.loads((folder / "build.json").read_text(encoding="utf-8"))["digest"] if folder else self.digest
        image = folder / "image" if folder and (folder / "image").is_dir() else None
        return {
            "name": self.name,
            "version": self.version,
            "digest": digest,
            "tag": f"{self.version}-{digest}",
            "built": not self.is_missing(programs_cache, source),
            "directory": str(folder or self.build_directory(programs_cache)),
            "image": str(image or ""),
            "binaries": [] if image else list(self.binaries),
        }


def compute_digest(files: Mapping[str, bytes], toolchain: str, machine: str) -> str:
    """Return a digest of all that determines the result of a build."""
    digest = hashlib.sha256()
    for part in (f"format={RECIPE_FORMAT}", f"toolchain={toolchain}", f"machine={machine}"):
        digest.update(part.encode() + b"\0")
    for name in sorted(files):
        digest.update(f"{name}={len(files[name])}".encode() + b"\0" + files[name])
    return digest.hexdigest()[:12]


def load_recipe(folder: Path) -> Program:
    """Read the recipe in a folder. A Go program may have a `main.go` there that takes the place of the project's own.

    Raises:
        BuildError: the recipe is incomplete or cannot be read.
    """
    path = folder / "program.toml"
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        toolchain = recipe.get("toolchain")
        if toolchain not in TOOLCHAINS:
            raise BuildError(f"{path}: toolchain is {toolchain!r}, expected one of {', '.join(TOOLCHAINS)}")
        for key in ("version", "binaries") if toolchain != "none" else ("version",):
            if not recipe.get(key):
                raise BuildError(f"{path}: {key} is missing")
        files = {path.name: path.read_bytes()}
        if toolchain == "go":
            sources = [folder / "go.mod", folder / "go.sum", *folder.glob("*.go")]
            files |= {source.name: source.read_bytes() for source in sources}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BuildError(f"{path}: {error}") from error
    machine = platform.machine()
    try:
        path = folder / "published.toml"
        publication = load_publication(path, str(recipe["version"]), recipe.get("binaries", {}), machine)
    except (OSError, ValueError) as error:
        raise BuildError(f"{path}: {error}") from error
    digest = compute_digest(files, TOOLCHAINS[toolchain], machine)
    return Program(folder.name, folder, recipe, digest, machine, publication)


def load_recipes(directory: Path) -> list[Program]:
    """Read all recipes below a directory, in build order.

    Raises:
        BuildError: there is no recipe, or one is incomplete or cannot be read.
    """
    programs = [load_recipe(path.parent) for path in directory.glob("*/program.toml")]
    if not programs:
        raise BuildError(f"no program.toml below {directory}")
    return sorted(programs, key=lambda p: (ORDER.index(p.name) if p.name in ORDER else len(ORDER), p.name))
