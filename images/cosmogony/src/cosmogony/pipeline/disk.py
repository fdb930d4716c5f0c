# SPDX-License-Identifier: Apache-2.0
"""Scratch space of the steps that hold files: told before they start, so that they start where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
ROOM = 256  # MiB to work
UNKNOWN = 4 * GIBIBYTE  # a server that does not tell the size of its file
GROWTH = 5, 4  # what the zones of a new version may have more than those of the one before


def extract_needs(size: int) -> int:
    """MiB to extract a source of SIZE bytes (0: unknown): the file, its zones, and room to work."""
    return _mebibytes((size or UNKNOWN) * 5 // 2)


def merge_needs(parts: Sequence[int]) -> int:
    """MiB to merge files of zones of these sizes: the files, and what comes of them; a single one stays as it is."""
    return _mebibytes(sum(parts) * (1 if len(parts) == 1 else 2))


def part_size(size: int, part: Mapping[str, Any] | None, *, usable: bool) -> int:
    """Bytes of the zones of a source of SIZE bytes: known, else judged by the version before, else by experience.

    An extract of boundaries alone makes more zones than bytes, one of everything a tenth at most.
    """
    if part is not None and usable:
        return int(part["size"])
    before = (part or {}).get("source", {}).get("size")
    if part is not None and before and size:
        more, less = GROWTH
        return int(part["size"]) * size * more // (before * less)
    size = size or UNKNOWN
    return min(size * 3 // 2, 2 * GIBIBYTE + size // 2)


def _mebibytes(size: int) -> int:
    return ROOM + -(-size // MEBIBYTE)
