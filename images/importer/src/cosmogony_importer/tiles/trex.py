# SPDX-License-Identifier: Apache-2.0
"""Tile files of t-rex on its cache volume: one directory per release; a symlink points t-rex at the live one.

cosmogony -> releases/ID         the folder of the tileset for t-rex
releases/ID/{z}/{x}/{y}.pbf      tiles, generated before the release is published; t-rex adds others on demand
releases/ID/generated            modified when the last tile was generated; contains the highest generated zoom
preparing/ID/                    tiles that are being generated
trash/                           folders that were removed by one rename and are being deleted
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cosmogony_steps import heartbeat
from cosmogony_steps.errors import TransientError, UsageError

from .counts import TileCount, TilesByZoom

TILESET = "cosmogony"
NOTHING = "none"  # name of the folder that t-rex reads while there is no live release
GENERATED = "generated"


@dataclass(frozen=True)
class TrexCache:
    """The cache volume of t-rex: a folder of tiles per release, and a link to that of the live one."""

    root: Path

    @classmethod
    def find_from_environment(cls) -> TrexCache | None:
        """Return the cache in the folder TREX_CACHE; None if that is not set: t-rex is not the tile server."""
        path = os.environ.get("TREX_CACHE")
        return cls(Path(path)) if path else None

    @classmethod
    def from_environment(cls) -> TrexCache:
        """Return the cache in the folder TREX_CACHE; raise an error if that is not set.

        Raises:
            UsageError: TREX_CACHE is not set.
        """
        cache = cls.find_from_environment()
        if cache is None:
            raise UsageError("TREX_CACHE is not set; set it to the folder that t-rex has its cache in")
        return cache

    @property
    def link(self) -> Path:
        """Path of the symbolic link to the folder whose tiles t-rex serves."""
        return self.root / TILESET

    def get_folder(self, release_id: str) -> Path:
        """Return the path of the folder with the finished tiles of a release."""
        return self.root / "releases" / release_id

    def get_preparing_folder(self, release_id: str) -> Path:
        """Return the path of the folder in which t-rex generates the tiles of a release."""
        return self.root / "preparing" / release_id

    def read_linked_release(self) -> str | None:
        """Return the id of the release whose folder t-rex reads; None if there is no link."""
        return self.link.readlink().name if self.link.is_symlink() else None

    def remove_folders(self, *paths: Path) -> None:
        """Remove folders: rename each out of the way, so that none is ever there in part, then delete them."""
        trash = self.root / "trash"
        for path in paths:
            if path.exists():
                trash.mkdir(exist_ok=True)
                path.rename(trash / f"{path.name}-{uuid.uuid4().hex[:8]}")
        shutil.rmtree(trash, ignore_errors=True)


@contextmanager
def translate_cache_errors(cache: TrexCache) -> Iterator[None]:
    """Turn errors of the cache volume into transient errors.

    Raises:
        TransientError: reading or writing the volume failed.
    """
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"cache of t-rex {cache.root}: {error}; check its volume and run the command again"
        ) from error


def list_tile_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the tile files below a folder."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from list_tile_files(Path(entry.path))
        elif entry.name.endswith(".pbf"):
            heartbeat.beat(f"going through {folder}")
            yield entry


def count_tiles(folder: Path) -> TilesByZoom:
    """Count the tiles in the folder of a release."""
    by_zoom = {}
    for zoom in sorted(int(path.name) for path in folder.glob("[0-9]*")):
        sizes = [entry.stat().st_size for entry in list_tile_files(folder / str(zoom))]
        if sizes:
            by_zoom[zoom] = TileCount(len(sizes), sum(sizes))
    marker = folder / GENERATED
    generated = marker.read_text().strip() if marker.exists() else ""
    return TilesByZoom(by_zoom, int(generated) if generated else None)
