# SPDX-License-Identifier: Apache-2.0
"""Prepare `t_rex generate` for a release, and check and move its tiles."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import psycopg
from cosmogony_steps import log
from cosmogony_steps.errors import StepError
from cosmogony_steps.shortening import join_first

from ..releases.catalog import Release
from .box import Box
from .counts import TilesByZoom
from .missing_tiles import find_missing_tiles
from .trex import GENERATED, TILESET, TrexCache, count_tiles, list_tile_files

WORLD = (-180.0, -85.0511, 180.0, 85.0511)  # west, south, east, north of the tile grid in degrees
CONFIG = "config.toml"
MAX_NAMED = 5  # missing tiles of each zoom that a message names


def prepare_tile_folder(cache: TrexCache, release: Release, template: Path) -> tuple[Path, str]:
    """Create an empty folder for the tiles of a release, with the configuration with which t-rex generates them.

    Args:
        cache: the volume.
        release: the release.
        template: t-rex's configuration with @ZONES@ and @CACHE@.

    Returns:
        The configuration, and the extent to generate as west,south,east,north in degrees.

    Raises:
        StepError: the template lacks one of its placeholders.
    """
    text = template.read_text()
    values = {"@ZONES@": f"{release.schema_name}.zones", "@CACHE@": str(cache.get_preparing_folder(release.id))}
    for name, value in values.items():
        if name not in text:
            raise StepError(f"{template} does not hold {name}; take the configuration that the chart makes")
        text = text.replace(name, value)
    folder = cache.get_preparing_folder(release.id)
    cache.remove_folders(folder)
    folder.mkdir(parents=True)
    config = folder / CONFIG
    config.write_text(text)
    return config, format_extent(release.bounds)


def format_extent(bounds: list[float] | None) -> str:
    """Return bounds as the text west,south,east,north in degrees, cut to the map; None stands for all of it."""
    west, south, east, north = bounds or WORLD
    inside = (max(west, WORLD[0]), max(south, WORLD[1]), min(east, WORLD[2]), min(north, WORLD[3]))
    return ",".join(f"{number:.6f}" for number in inside)


def check_and_move_tiles(
    connection: psycopg.Connection, cache: TrexCache, release: Release, max_zoom: int
) -> TilesByZoom:
    """Check the tiles that t-rex generated, and move them to the folder of the release.

    Args:
        connection: queries the zones.
        cache: the volume.
        release: the release of the tiles.
        max_zoom: the highest zoom that was generated.

    Raises:
        StepError: tiles are missing or damaged.
    """
    preparing, folder = cache.get_preparing_folder(release.id), cache.get_folder(release.id)
    made = preparing / TILESET
    if not made.is_dir():
        if (folder / GENERATED).exists():
            log.info(f"tiles of release {release.id} are in place already; nothing to do")
            return count_tiles(folder)
        raise StepError(f"{made} does not exist; run tile_prepare and t_rex generate for release {release.id} first")
    _check_tiles(made)
    extent = Box.parse(format_extent(release.bounds))
    missing = find_missing_tiles(connection, release, preparing / CONFIG, extent, max_zoom, made)
    if missing:
        zooms = "; ".join(
            f"zoom {zoom}: {len(names)} ({join_first(names, MAX_NAMED)})" for zoom, names in missing.items()
        )
        raise StepError(
            f"t-rex left out tiles that release {release.id} has zones for; {zooms}. Read the log of its generate "
            "step (it logs a failed query and continues), and generate again"
        )
    (made / GENERATED).write_text(f"{max_zoom}\n")
    folder.parent.mkdir(exist_ok=True)
    cache.remove_folders(folder)
    made.rename(folder)
    cache.remove_folders(preparing)
    return count_tiles(folder)


def _check_tiles(folder: Path) -> None:
    """Check that every tile is complete: t-rex ignores failed writes, and would serve truncated tiles."""
    for entry in list_tile_files(folder):
        try:
            gzip.decompress(Path(entry.path).read_bytes())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise StepError(
                f"tile {Path(entry.path).relative_to(folder)} is damaged ({error}); is the cache volume full? "
                "Make room and generate again"
            ) from error
