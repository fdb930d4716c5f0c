# SPDX-License-Identifier: Apache-2.0
"""What publish, rollback and clean have to do for the server of the tiles."""

from __future__ import annotations

from typing import Protocol

import psycopg

from . import trex


class TileBackend(Protocol):
    """A server of tiles."""

    def follow_switch(self, connection: psycopg.Connection) -> None:
        """Serve the tiles of the release that has just become the live one."""

    def clean(self, connection: psycopg.Connection) -> None:
        """Remove the tiles of releases that are not kept."""


class DatabaseTiles:
    """A server that asks the database for every tile: nothing of it lies elsewhere."""

    def follow_switch(self, connection: psycopg.Connection) -> None:
        """Do nothing: the views follow the switch."""

    def clean(self, connection: psycopg.Connection) -> None:
        """Do nothing: the tiles are dropped with their release."""


def get_tile_backend() -> TileBackend:
    """Return the server of tiles that the environment names."""
    cache = trex.TrexCache.find()
    return trex.TrexTiles(cache) if cache else DatabaseTiles()
