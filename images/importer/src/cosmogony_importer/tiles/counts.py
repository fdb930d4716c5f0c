# SPDX-License-Identifier: Apache-2.0
"""How many tiles there are, and how big."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileCount:
    """Tiles that are stored."""

    tiles: int
    size: int  # bytes


@dataclass(frozen=True)
class StoredTiles:
    """Tiles of a release that are stored."""

    by_zoom: dict[int, TileCount]
    complete_zoom: int | None  # all tiles up to this zoom are there

    @property
    def total(self) -> TileCount:
        """All of them."""
        counts = self.by_zoom.values()
        return TileCount(sum(count.tiles for count in counts), sum(count.size for count in counts))
