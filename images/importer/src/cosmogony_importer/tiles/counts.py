# SPDX-License-Identifier: Apache-2.0
"""Numbers and sizes of tiles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileCount:
    """A number of stored tiles, and their size in bytes."""

    tiles: int
    size: int  # bytes


@dataclass(frozen=True)
class TilesByZoom:
    """Number and size of the stored tiles of a release, by zoom."""

    by_zoom: dict[int, TileCount]
    complete_zoom: int | None  # all tiles of this zoom and the lower ones are stored

    @property
    def total(self) -> TileCount:
        """Number and size of the stored tiles of all zooms together."""
        counts = self.by_zoom.values()
        return TileCount(sum(count.tiles for count in counts), sum(count.size for count in counts))
