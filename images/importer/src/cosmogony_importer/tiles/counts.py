# SPDX-License-Identifier: Apache-2.0
"""Numbers and sizes of tiles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileCount:
    """The number of stored tiles, and their bytes."""

    tiles: int
    size: int  # bytes


@dataclass(frozen=True)
class TilesByZoom:
    """The stored tiles of a release."""

    by_zoom: dict[int, TileCount]
    complete_zoom: int | None  # all tiles up to this zoom are stored

    @property
    def total(self) -> TileCount:
        """The tiles of all zooms together."""
        counts = self.by_zoom.values()
        return TileCount(sum(count.tiles for count in counts), sum(count.size for count in counts))
