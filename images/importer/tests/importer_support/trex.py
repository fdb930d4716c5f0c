# SPDX-License-Identifier: Apache-2.0
"""Releases whose tiles lie in the cache of t-rex."""

from __future__ import annotations

import gzip
import tomllib
from pathlib import Path

from checkout import CHECKOUT

from .helpers import Importer, Zones

CONFIG = CHECKOUT / "roles/chart/files/cosmogony/files/trex.toml"


def write(folder: Path, address: str, content: bytes = b"tile") -> Path:
    """As t-rex does: the folders that are missing, then the file."""
    path = folder / "cosmogony" / f"{address}.pbf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content))
    return path


# Tiles of the grid of zones, whose borders reach a bit over the equator and the meridian.
ALL = ("0/0/0", "1/1/0", "2/2/1", "3/3/3", "3/3/4", "3/4/3", "3/4/4", "4/7/7", "4/7/8", "4/8/7", "4/8/8")


def generate(importer: Importer, release: str, *more: str, without: tuple[str, ...] = (), code: int = 0) -> str:
    """The three steps of a generation, up to zoom 4; returns what the last one said."""
    importer.run("tile_prepare", "--release", release, "--template", CONFIG)
    base = Path(tomllib.loads(Path(importer.output("config")).read_text())["cache"]["file"]["base"])
    for address in {*ALL, *more} - set(without):
        write(base, address, release.encode())
    (base / "cosmogony").mkdir(exist_ok=True)
    (base / "cosmogony/metadata.json").write_text("{}")
    (base / "cosmogony.json").write_text("{}")
    return importer.run("tile_finish", "--release", release, "--max-zoom", 4, code=code)


def published(importer: Importer, zones: Zones, mark: str, generated: bool = True) -> str:
    release = importer.load(zones.grid(f"{mark}.jsonl.gz", mark=f" {mark}"))
    importer.run("gate", "--release", release)
    if generated:
        generate(importer, release)
    importer.run("publish", "--release", release)
    return release
