# SPDX-License-Identifier: Apache-2.0
"""Tile files of t-rex on its cache volume: one directory per release; a symlink points t-rex at the live one.

cosmogony -> releases/ID         what t-rex takes for the folder of its tileset
releases/ID/{z}/{x}/{y}.pbf      generated before the release is published; t-rex adds what it computes
releases/ID/generated            of the time of the last generated tile; holds the highest zoom of these
preparing/ID/                    where tiles are generated
trash/                           on its way out: a folder leaves by one rename, and is emptied afterwards
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cosmogony_steps import heartbeat
from cosmogony_steps.errors import TransientError, UsageError

from .counts import StoredTiles, TileCount

TILESET = "cosmogony"
NOTHING = "none"  # name of the folder while no release is live
GENERATED = "generated"


@dataclass(frozen=True)
class TrexCache:
    """The cache volume of t-rex."""

    root: Path

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> TrexCache | None:
        """Return the cache of the environment; None where t-rex is not the server of the tiles."""
        return cls(Path(environment["TREX_CACHE"])) if environment.get("TREX_CACHE") else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> TrexCache:
        """Return the cache of the environment.

        Raises:
            UsageError: it is not set.
        """
        cache = cls.find(environment)
        if cache is None:
            raise UsageError("TREX_CACHE is not set; set it to the folder that t-rex has its cache in")
        return cache

    @property
    def link(self) -> Path:
        """The link that t-rex reads through."""
        return self.root / TILESET

    def get_folder(self, release_id: str) -> Path:
        """Return the folder with the tiles of a release."""
        return self.root / "releases" / release_id

    def get_preparing(self, release_id: str) -> Path:
        """Return the folder in which the tiles of a release are generated."""
        return self.root / "preparing" / release_id

    def read_link(self) -> str | None:
        """Return the release whose folder t-rex reads."""
        return self.link.readlink().name if self.link.is_symlink() else None

    def remove(self, *paths: Path) -> None:
        """Remove folders; each disappears in one step for those who read it."""
        trash = self.root / "trash"
        for path in paths:
            if path.exists():
                trash.mkdir(exist_ok=True)
                path.rename(trash / f"{path.name}-{uuid.uuid4().hex[:8]}")
        shutil.rmtree(trash, ignore_errors=True)


@contextmanager
def translate_cache_errors(cache: TrexCache) -> Iterator[None]:
    """Turn errors of the cache volume into transient ones.

    Raises:
        TransientError: the block met one.
    """
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"cache of t-rex {cache.root}: {error}; check its volume and run the command again"
        ) from error


def list_tiles(folder: Path) -> Iterator[os.DirEntry[str]]:
    """List the files of tiles below a folder."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from list_tiles(Path(entry.path))
        elif entry.name.endswith(".pbf"):
            heartbeat.beat(f"going through {folder}")
            yield entry


def count_tiles(folder: Path) -> StoredTiles:
    """Count the tiles in the folder of a release; t-rex may remove or add some meanwhile."""
    by_zoom = {}
    for zoom in sorted(int(path.name) for path in folder.glob("[0-9]*")):
        sizes = [entry.stat().st_size for entry in list_tiles(folder / str(zoom))]
        if sizes:
            by_zoom[zoom] = TileCount(len(sizes), sum(sizes))
    marker = folder / GENERATED
    generated = marker.read_text().strip() if marker.exists() else ""
    return StoredTiles(by_zoom, int(generated) if generated else None)
