# SPDX-License-Identifier: Apache-2.0
"""How many tiles there are, and how big."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileCount:
    """Tiles that are stored."""

    tiles: int
    size: int  # bytes
