# SPDX-License-Identifier: Apache-2.0
"""Tile files of t-rex on its cache volume: one directory per release; a symlink points t-rex at the live one.

cosmogony -> releases/ID         what t-rex takes for the folder of its tileset
releases/ID/{z}/{x}/{y}.pbf      generated before the release is published; t-rex adds what it computes
preparing/ID/                    where tiles are generated
trash/                           on its way out: a folder leaves by one rename, and is emptied afterwards
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from cosmogony_steps import heartbeat, log
from cosmogony_steps.errors import StepError, TransientError, UsageError

from ..database import sessions
from ..releases import catalog
from ..releases.catalog import Release
from .counts import TileCount

TILESET = "cosmogony"
NOTHING = "none"  # name of the folder while no release is live
GENERATED = "generated"  # its time is that of the last generated tile
ALL_ZONES = 3  # from this zoom on every zone is in a tile
# Longest time that t-rex computes a tile it has not stored; those it began before a switch are old when they arrive.
DRAIN = 3.0  # seconds
WORLD = (-180.0, -85.0511, 180.0, 85.0511)  # west, south, east, north in degrees: the grid of the tiles


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
        """Remove folders, each at once for those who look at it."""
        trash = self.root / "trash"
        for path in paths:
            if path.exists():
                trash.mkdir(exist_ok=True)
                path.rename(trash / f"{path.name}-{uuid.uuid4().hex[:8]}")
        shutil.rmtree(trash, ignore_errors=True)


class TrexTiles:
    """The server t-rex, with its cache volume."""

    def __init__(self, cache: TrexCache) -> None:
        self.cache = cache

    def follow_switch(self, connection: psycopg.Connection) -> None:
        """Move the link to the live release, and drop tiles that were computed across the switch."""
        follow_switch(connection, self.cache)

    def clean(self, connection: psycopg.Connection) -> None:
        """Remove the folders of releases that are not kept."""
        with translate_cache_errors(self.cache):
            removed = remove_old_folders(connection, self.cache)
        log.info(f"tiles of t-rex removed: {', '.join(removed) or 'none'}")


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


def prepare_folder(cache: TrexCache, release: Release, template: Path) -> tuple[Path, str]:
    """Make an empty folder, and t-rex's configuration to generate the tiles of a release in it.

    Args:
        cache: the volume.
        release: its zones are read.
        template: t-rex's configuration with @ZONES@ and @CACHE@.

    Returns:
        The configuration, and the extent to generate as west,south,east,north in degrees.

    Raises:
        StepError: the template lacks one of its placeholders.
    """
    text = template.read_text()
    values = {"@ZONES@": f"{release.schema_name}.zones", "@CACHE@": str(cache.get_preparing(release.id))}
    for name, value in values.items():
        if name not in text:
            raise StepError(f"{template} does not hold {name}; take the configuration that the chart makes")
        text = text.replace(name, value)
    folder = cache.get_preparing(release.id)
    cache.remove(folder)
    folder.mkdir(parents=True)
    config = folder / "config.toml"
    config.write_text(text)
    return config, format_extent(release.bounds)


def format_extent(bounds: list[float] | None) -> str:
    """Return west,south,east,north in degrees, inside the grid of the tiles."""
    west, south, east, north = bounds or WORLD
    inside = (max(west, WORLD[0]), max(south, WORLD[1]), min(east, WORLD[2]), min(north, WORLD[3]))
    return ",".join(f"{number:.6f}" for number in inside)


def finish_folder(cache: TrexCache, release: Release, max_zoom: int) -> TileCount:
    """Check what t-rex generated and put it where the link will look for it.

    Args:
        cache: the volume.
        release: whose tiles they are.
        max_zoom: the highest zoom that was generated.

    Raises:
        StepError: tiles are missing or damaged.
    """
    made, folder = cache.get_preparing(release.id) / TILESET, cache.get_folder(release.id)
    if not made.is_dir():
        if (folder / GENERATED).exists():
            log.info(f"tiles of release {release.id} are in place already; nothing to do")
            return _count_tiles(folder)
        raise StepError(f"{made} is not there; run tile_prepare and t_rex generate for release {release.id} first")
    _check_tiles(made)
    tiles = _count_tiles(made)
    if not tiles.tiles and release.zones and max_zoom >= ALL_ZONES:
        raise StepError(
            f"t-rex made no tile although release {release.id} has {release.zones} zones; read the log of its "
            "generate step (it logs a failed query and continues)"
        )
    (made / GENERATED).touch()
    folder.parent.mkdir(exist_ok=True)
    cache.remove(folder)
    made.rename(folder)
    cache.remove(cache.get_preparing(release.id))
    return tiles


def _list_tiles(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _list_tiles(Path(entry.path))
        elif entry.name.endswith(".pbf"):
            heartbeat.beat(f"going through {folder}")
            yield entry


def _count_tiles(folder: Path) -> TileCount:
    sizes = [entry.stat().st_size for entry in _list_tiles(folder)]
    return TileCount(len(sizes), sum(sizes))


def _check_tiles(folder: Path) -> None:
    """Check that every tile is complete: t-rex ignores failed writes, and would later serve what there is of it."""
    for entry in _list_tiles(folder):
        try:
            gzip.decompress(Path(entry.path).read_bytes())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise StepError(
                f"tile {Path(entry.path).relative_to(folder)} is damaged ({error}); is the cache volume full? "
                "Make room and generate again"
            ) from error


def link_live_release(connection: psycopg.Connection, cache: TrexCache) -> tuple[str, str | None]:
    """Let the link lead to the live release's folder; return its name and that of the folder it led to before.

    What is live is asked under the lock of publish and rollback, so whoever moves the link last is right.
    """
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        live = catalog.find_live_release(connection)
        name, before = live.id if live else NOTHING, cache.read_link()
        folder = cache.get_folder(name)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / GENERATED).touch()
            if live:
                log.info(f"no tiles of release {name} on the cache volume; t-rex computes them when they are asked for")
        if before == name:
            return name, name
        if before is None:
            cache.remove(cache.link)  # t-rex makes a real folder when it starts without the link
        new = cache.root / f".{TILESET}-{uuid.uuid4().hex[:8]}"
        new.symlink_to(Path("releases") / name)
        new.replace(cache.link)
    return name, before


def remove_added_tiles(folder: Path) -> int:
    """Remove what t-rex added to the generated tiles, which may be of another release; return how many."""
    if not (folder / GENERATED).exists():
        return 0
    newest, removed = (folder / GENERATED).stat().st_mtime_ns, 0
    for entry in _list_tiles(folder):
        if entry.stat().st_mtime_ns > newest:
            Path(entry.path).unlink(missing_ok=True)
            removed += 1
    return removed


def follow_switch(connection: psycopg.Connection, cache: TrexCache) -> None:
    """Move the link right after a publish or rollback, and drop tiles that were computed across the switch.

    Raises:
        StepError: the volume cannot be written. Never a transient error: a rollback that is repeated goes back by one
            release more.
    """
    try:
        name, before = link_live_release(connection, cache)
        if before == name:
            return
        if before:
            remove_added_tiles(cache.get_folder(before))
        time.sleep(DRAIN)
        remove_added_tiles(cache.get_folder(name))
    except (OSError, TransientError) as error:
        raise StepError(
            f"the release is live, but t-rex may serve tiles of the one before: {error}; run tile_link when that is "
            "cured, or replace a pod of t-rex, which does so at its start"
        ) from error
    log.info(f"t-rex reads the tiles of release {name}")


def remove_old_folders(connection: psycopg.Connection, cache: TrexCache) -> list[str]:
    """Remove the folders of releases that are not kept, never the one that the link leads to; return their names."""
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        kept = {release.id for release in catalog.list_releases(connection)} | {cache.read_link()}
        old = [
            path
            for parent in ("releases", "preparing")
            for path in sorted((cache.root / parent).glob("*"))
            if path.name not in kept
        ]
        cache.remove(*old)
    return [path.name for path in old]
