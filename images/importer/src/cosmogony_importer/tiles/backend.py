# SPDX-License-Identifier: Apache-2.0
"""Tile servers: what publish, rollback, clean and list do for each."""

from __future__ import annotations

from typing import Protocol

import psycopg

from ..releases.catalog import Release
from . import low_zooms
from .counts import TilesByZoom
from .trex import TrexCache
from .trex_switch import TrexTiles


class TileBackend(Protocol):
    """What the importer does for a tile server: after a switch, in a cleanup, for a list."""

    def serve_live_release(self, connection: psycopg.Connection) -> None:
        """Serve the tiles of the release that has just become live."""

    def remove_old_tiles(self, connection: psycopg.Connection) -> None:
        """Remove the tiles of releases that are not kept."""

    def count_tiles(self, connection: psycopg.Connection, release: Release) -> TilesByZoom:
        """Count the stored tiles of a release."""


class _DatabaseTiles:
    """A tile server that gets every tile from the database."""

    def serve_live_release(self, connection: psycopg.Connection) -> None:
        """Do nothing: the tile server reads the views, which the switch has changed."""

    def remove_old_tiles(self, connection: psycopg.Connection) -> None:
        """Do nothing: the tiles are in the schema of their release, which was dropped."""

    def count_tiles(self, connection: psycopg.Connection, release: Release) -> TilesByZoom:
        """Count the tiles in the table of a release."""
        return low_zooms.count_tiles(connection, release)


def get_tile_backend() -> TileBackend:
    """Return t-rex if TREX_CACHE is set, otherwise a tile server that reads the database."""
    cache = TrexCache.find_from_environment()
    return TrexTiles(cache) if cache else _DatabaseTiles()
