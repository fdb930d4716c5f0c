# SPDX-License-Identifier: Apache-2.0
"""Lets t-rex read the tiles of the live release, and no tile that was computed across a switch."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError, TransientError

from ..database import sessions
from ..releases import catalog
from ..releases.catalog import Release
from .counts import StoredTiles
from .trex import GENERATED, NOTHING, TILESET, TrexCache, count_tiles, list_tiles, translate_cache_errors

# A switch waits for each transaction that reads the zones, and t-rex reads a tile in one. What is left then is to pack
# and write it: 0.2 s for a tile of 10,000 zones, 2 s for one of 160,000, which it read for five minutes.
DRAIN = 10.0  # seconds


class TrexTiles:
    """The server t-rex, with its cache volume."""

    def __init__(self, cache: TrexCache) -> None:
        self.cache = cache

    def follow_switch(self, connection: psycopg.Connection) -> None:
        """Move the link right after a publish or rollback, and drop tiles that were computed across the switch.

        Raises:
            StepError: the volume cannot be written. Never a transient error: a rollback that is repeated goes back by
                one release more.
        """
        try:
            name, before = move_link(connection, self.cache)
        except (OSError, TransientError) as error:
            raise StepError(
                f"the release is live, but t-rex may serve tiles of the one before: {error}; run tile_link when that "
                "is cured, or replace a pod of t-rex, which does so at its start"
            ) from error
        if before != name:
            log.info(f"t-rex reads the tiles of release {name}")

    def clean(self, connection: psycopg.Connection) -> None:
        """Remove the folders of releases that are not kept."""
        with translate_cache_errors(self.cache):
            removed = remove_old_folders(connection, self.cache)
        log.info(f"tiles of t-rex removed: {', '.join(removed) or 'none'}")

    def count_tiles(self, connection: psycopg.Connection, release: Release) -> StoredTiles:
        """Count the tiles of a release on the volume."""
        with translate_cache_errors(self.cache):
            return count_tiles(self.cache.get_folder(release.id))


def move_link(connection: psycopg.Connection, cache: TrexCache) -> tuple[str, str | None]:
    """Let the link lead to the live release's folder, and drop tiles in it and in the one before that may be wrong.

    t-rex may have read the zones of one release, and write the tile when the link leads to the folder of the other. So
    what it added is dropped when such a tile is certainly written.

    Returns:
        The release that the link leads to, and the one that it led to.
    """
    name, before = link_live_release(connection, cache)
    if before not in (name, NOTHING, None):
        time.sleep(DRAIN)
        for release_id in (before, name):
            remove_added_tiles(cache.get_folder(release_id))
    return name, before


def link_live_release(connection: psycopg.Connection, cache: TrexCache) -> tuple[str, str | None]:
    """Let the link lead to the live release's folder; return its name and that of the folder it led to before.

    What is live is asked under the lock of publish and rollback, so whoever moves the link last is right.
    """
    with sessions.hold_lock(connection, sessions.SWITCH, wait=60):
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
    for entry in list_tiles(folder):
        if entry.stat().st_mtime_ns > newest:
            Path(entry.path).unlink(missing_ok=True)
            removed += 1
    return removed


def remove_old_folders(connection: psycopg.Connection, cache: TrexCache) -> list[str]:
    """Remove the folders of releases that are not kept, never the one that the link leads to; return their names."""
    with sessions.hold_lock(connection, sessions.SWITCH, wait=60):
        kept = {release.id for release in catalog.list_releases(connection)} | {cache.read_link()}
        old = [
            path
            for parent in ("releases", "preparing")
            for path in sorted((cache.root / parent).glob("*"))
            if path.name not in kept
        ]
        cache.remove(*old)
    return [path.name for path in old]
