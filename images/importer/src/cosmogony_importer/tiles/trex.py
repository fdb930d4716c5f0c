# SPDX-License-Identifier: Apache-2.0
"""Tile files of t-rex: a folder a release on its cache volume, and the link to the live one's that t-rex reads through.

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
from cosmogony_steps import heartbeat

from ..database import sessions, statements
from ..errors import ImporterError, TemporaryError
from ..progress import say
from ..releases import catalog
from ..releases.catalog import Release

TILESET = "cosmogony"
NOTHING = "none"  # name of the folder while no release is live
GENERATED = "generated"  # its time is that of the last generated tile
ALL_ZONES = 3  # from this zoom on every zone is in a tile
# Longest time that t-rex computes a tile it has not stored; those it began before a switch are old when they arrive.
DRAIN = 3.0
WORLD = (-180.0, -85.0511, 180.0, 85.0511)


@dataclass(frozen=True)
class Tiles:
    count: int
    size: int


@dataclass(frozen=True)
class Cache:
    root: Path

    @classmethod
    def configured(cls, environment: Mapping[str, str] = os.environ) -> Cache | None:
        return cls(Path(environment["TREX_CACHE"])) if environment.get("TREX_CACHE") else None

    @classmethod
    def from_environment(cls) -> Cache:
        cache = cls.configured()
        if cache is None:
            raise ImporterError("TREX_CACHE is not set; set it to the folder that t-rex has its cache in")
        return cache

    @property
    def link(self) -> Path:
        return self.root / TILESET

    def folder(self, release_id: str) -> Path:
        return self.root / "releases" / release_id

    def preparing(self, release_id: str) -> Path:
        return self.root / "preparing" / release_id

    def linked(self) -> str | None:
        """The release whose folder t-rex reads."""
        return self.link.readlink().name if self.link.is_symlink() else None

    def remove(self, *paths: Path) -> None:
        trash = self.root / "trash"
        for path in paths:
            if path.exists():
                trash.mkdir(exist_ok=True)
                path.rename(trash / f"{path.name}-{uuid.uuid4().hex[:8]}")
        shutil.rmtree(trash, ignore_errors=True)


@contextmanager
def cache_errors(cache: Cache) -> Iterator[None]:
    """Raise errors of the cache volume as ones that may pass."""
    try:
        yield
    except OSError as error:
        raise TemporaryError(
            f"cache of t-rex {cache.root}: {error}; check its volume and run the command again"
        ) from error


def prepare(cache: Cache, release: Release, template: Path) -> tuple[Path, str]:
    """Make an empty folder and t-rex's configuration for it; return that and the extent to generate."""
    text = template.read_text()
    values = {"@ZONES@": f"{release.schema_name}.zones", "@CACHE@": str(cache.preparing(release.id))}
    for name, value in values.items():
        if name not in text:
            raise ImporterError(f"{template} does not hold {name}; take the configuration that the chart makes")
        text = text.replace(name, value)
    folder = cache.preparing(release.id)
    cache.remove(folder)
    folder.mkdir(parents=True)
    config = folder / "config.toml"
    config.write_text(text)
    return config, extent(release.bounds)


def extent(bounds: list[float] | None) -> str:
    """West, south, east, north in degrees, inside the grid."""
    west, south, east, north = bounds or WORLD
    inside = (max(west, WORLD[0]), max(south, WORLD[1]), min(east, WORLD[2]), min(north, WORLD[3]))
    return ",".join(f"{number:.6f}" for number in inside)


def finish(cache: Cache, release: Release, max_zoom: int) -> Tiles:
    """Check what t-rex generated and put it where the link will look for it."""
    made, folder = cache.preparing(release.id) / TILESET, cache.folder(release.id)
    if not made.is_dir():
        if (folder / GENERATED).exists():
            say(f"tiles of release {release.id} are in place already; nothing to do")
            return _tiles(folder)
        raise ImporterError(f"{made} is not there; run tile_prepare and t_rex generate for release {release.id} first")
    _verify(made)
    tiles = _tiles(made)
    if not tiles.count and release.zones and max_zoom >= ALL_ZONES:
        raise ImporterError(
            f"t-rex made no tile although release {release.id} has {release.zones} zones; read the log of its "
            "generate step (it logs a failed query and goes on)"
        )
    (made / GENERATED).touch()
    folder.parent.mkdir(exist_ok=True)
    cache.remove(folder)
    made.rename(folder)
    cache.remove(cache.preparing(release.id))
    return tiles


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.name.endswith(".pbf"):
            heartbeat.beat(f"going through {folder}")
            yield entry


def _tiles(folder: Path) -> Tiles:
    sizes = [entry.stat().st_size for entry in _files(folder)]
    return Tiles(len(sizes), sum(sizes))


def _verify(folder: Path) -> None:
    """t-rex goes on when a file cannot be written, and would later serve the half of it."""
    for entry in _files(folder):
        try:
            gzip.decompress(Path(entry.path).read_bytes())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ImporterError(
                f"tile {Path(entry.path).relative_to(folder)} is damaged ({error}); is the cache volume full? "
                "Make room and generate again"
            ) from error


def follow(connection: psycopg.Connection, cache: Cache) -> tuple[str, str | None]:
    """Let the link lead to the live release's folder; return its name and that of the folder it led to before.

    Whoever moves the link asks what is live under the lock of publish and rollback, so the last one is always right.
    """
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        live = catalog.live(connection)
        name, before = live.id if live else NOTHING, cache.linked()
        folder = cache.folder(name)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / GENERATED).touch()
            if live:
                say(f"no tiles of release {name} on the cache volume; t-rex computes them when they are asked for")
        if before == name:
            return name, name
        if before is None:
            cache.remove(cache.link)  # t-rex makes a real folder when it starts without the link
        new = cache.root / f".{TILESET}-{uuid.uuid4().hex[:8]}"
        new.symlink_to(Path("releases") / name)
        new.replace(cache.link)
    return name, before


def sweep(folder: Path) -> int:
    """Remove what t-rex added to the generated tiles: at a switch it may be of the other release."""
    if not (folder / GENERATED).exists():
        return 0
    newest, removed = (folder / GENERATED).stat().st_mtime_ns, 0
    for entry in _files(folder):
        if entry.stat().st_mtime_ns > newest:
            Path(entry.path).unlink(missing_ok=True)
            removed += 1
    return removed


def switched(connection: psycopg.Connection, cache: Cache) -> None:
    """Right after a publish or rollback: move the link, and drop tiles that were computed across the switch."""
    try:
        name, before = follow(connection, cache)
        if before == name:
            return
        if before:
            sweep(cache.folder(before))
        time.sleep(DRAIN)
        sweep(cache.folder(name))
    except (OSError, TemporaryError) as error:
        # Never "try again": a rollback that is repeated goes back one release more.
        raise ImporterError(
            f"the release is live, but t-rex may serve tiles of the one before: {error}; run tile_link when that is "
            "cured, or replace a pod of t-rex, which does so at its start"
        ) from error
    say(f"t-rex reads the tiles of release {name}")


def ready(connection: psycopg.Connection) -> None:
    """Before the first publish: an empty public.zones, because t-rex looks at its columns once, when it starts."""
    with connection.transaction():
        statements.search_path(connection, "pg_catalog", statements.postgis_schema(connection))
        if connection.execute("SELECT to_regclass('public.zones')").fetchone()[0] is None:
            connection.execute(statements.statement("no_zones.sql"))
            say("nothing is published; made an empty view public.zones for t-rex")


def clean(connection: psycopg.Connection, cache: Cache) -> list[str]:
    """Remove the folders of releases that are not kept; never the one that the link leads to."""
    with sessions.lock(connection, sessions.SWITCH, wait=60):
        kept = {release.id for release in catalog.releases(connection)} | {cache.linked()}
        old = [
            path
            for parent in ("releases", "preparing")
            for path in sorted((cache.root / parent).glob("*"))
            if path.name not in kept
        ]
        cache.remove(*old)
    return [path.name for path in old]
