# SPDX-License-Identifier: Apache-2.0
"""Make t-rex serve the tiles of the live release, and drop tiles that were computed during a switch."""

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
from .counts import TilesByZoom
from .trex import GENERATED, NOTHING, TILESET, TrexCache, count_tiles, list_tile_files, translate_cache_errors

# A switch waits for transactions that read the zones, and t-rex reads the zones of a tile in one. After that it packs
# and writes the tile, which takes 0.2 s for 10,000 zones and 2 s for 160,000.
DRAIN = 10.0  # seconds


class TrexTiles:
    """The tile server t-rex with its cache volume."""

    def __init__(self, cache: TrexCache) -> None:
        self.cache = cache

    def serve_live_release(self, connection: psycopg.Connection) -> None:
        """Move the link after a publish or rollback, and drop tiles that were computed during the switch.

        Raises:
            StepError: the volume cannot be written. This is never a transient error, because a repeated rollback would
                go back one more release.
        """
        try:
            name, before = move_link_and_drop_wrong_tiles(connection, self.cache)
        except (OSError, TransientError) as error:
            raise StepError(
                f"the release is live, but t-rex may serve tiles of the one before: {error}; repair that and "
                "run tile_link, or restart a pod of t-rex, which does so at its start"
            ) from error
        if before != name:
            log.info(f"t-rex reads the tiles of release {name}")

    def remove_old_tiles(self, connection: psycopg.Connection) -> None:
        """Remove the folders of releases that are not kept."""
        with translate_cache_errors(self.cache):
            removed = _remove_old_folders(connection, self.cache)
        log.info(f"tiles of t-rex removed: {', '.join(removed) or 'none'}")

    def count_tiles(self, connection: psycopg.Connection, release: Release) -> TilesByZoom:
        """Count the tiles of a release on the volume."""
        with translate_cache_errors(self.cache):
            return count_tiles(self.cache.get_folder(release.id))


def move_link_and_drop_wrong_tiles(connection: psycopg.Connection, cache: TrexCache) -> tuple[str, str | None]:
    """Point the link to the folder of the live release, and drop tiles in both folders that may be wrong.

    t-rex may have read the zones of the former release and write the tile to the folder of the new one. So tiles that
    t-rex added are dropped once such a tile has certainly been written.

    Returns:
        The new and the former target of the link, as ids of releases.
    """
    name, before = _link_live_release(connection, cache)
    if before not in (name, NOTHING, None):
        time.sleep(DRAIN)
        for release_id in (before, name):
            _remove_added_tiles(cache.get_folder(release_id))
    return name, before


def _link_live_release(connection: psycopg.Connection, cache: TrexCache) -> tuple[str, str | None]:
    """Point the link to the folder of the live release; return the new and the former target.

    The live release is read under the lock of publish and rollback, so the last one to move the link is right.
    """
    with sessions.hold_advisory_lock(connection, sessions.SWITCH, wait=60):
        live = catalog.find_live_release(connection)
        name, before = live.id if live else NOTHING, cache.read_linked_release()
        folder = cache.get_folder(name)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / GENERATED).touch()
            if live:
                log.info(f"no tiles of release {name} on the cache volume; t-rex computes them when they are asked for")
        if before == name:
            return name, name
        if before is None:
            cache.remove_folders(cache.link)  # not a link but a folder, which t-rex makes if it starts without the link
        new = cache.root / f".{TILESET}-{uuid.uuid4().hex[:8]}"
        new.symlink_to(Path("releases") / name)
        new.replace(cache.link)
    return name, before


def _remove_added_tiles(folder: Path) -> None:
    """Remove tiles that t-rex added to the generated ones, because they may belong to another release."""
    if not (folder / GENERATED).exists():
        return
    newest = (folder / GENERATED).stat().st_mtime_ns
    for entry in list_tile_files(folder):
        if entry.stat().st_mtime_ns > newest:
            Path(entry.path).unlink(missing_ok=True)


def _remove_old_folders(connection: psycopg.Connection, cache: TrexCache) -> list[str]:
    """Remove the tiles of releases that are not kept, except those that t-rex reads; return names of folders."""
    with sessions.hold_advisory_lock(connection, sessions.SWITCH, wait=60):
        kept = {release.id for release in catalog.list_releases(connection)} | {cache.read_linked_release()}
        old = [
            path
            for parent in ("releases", "preparing")
            for path in sorted((cache.root / parent).glob("*"))
            if path.name not in kept
        ]
        cache.remove_folders(*old)
    return [path.name for path in old]
