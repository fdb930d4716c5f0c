# SPDX-License-Identifier: Apache-2.0
"""Scratch space of the steps that hold files: told before they start, so that they start where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from cosmogony_steps.documents import PartMarker

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
ROOM = 256  # MiB to work
UNKNOWN = 4 * GIBIBYTE  # a server that does not tell the size of its file
GROWTH = 5, 4  # what the zones of a new version may have more than those of the one before


def extract_needs(size: int) -> int:
    """Return the MiB to extract a source of `size` bytes (0: unknown): the file, its zones, and room to work."""
    size = size or UNKNOWN
    return _mebibytes(size + max(size * 3 // 2, _judged(size)))


def merge_needs(parts: Sequence[int]) -> int:
    """MiB to merge files of zones of these sizes: the files, and what comes of them; a single one stays as it is."""
    return _mebibytes(sum(parts) * (1 if len(parts) == 1 else 2))


def part_size(size: int, part: PartMarker | None, *, usable: bool) -> int:
    """Return the bytes that the zones of a source take: known, else judged by the last version or by experience."""
    if part is not None and usable:
        return part.size
    if part is not None and part.source.size and size:
        more, less = GROWTH
        return part.size * size * more // (part.source.size * less)
    return _judged(size or UNKNOWN)


def short(available: int, parts: Sequence[int]) -> bool:
    """Must a merge of files of these sizes fail? The room to work is not counted: it is for what was misjudged."""
    return available < (merge_needs(parts) - ROOM) * MEBIBYTE


def _judged(size: int) -> int:
    """An extract of boundaries alone makes three times its bytes (seen), one of everything a tenth."""
    return min(size * 4, 4 * GIBIBYTE + size // 2)


def _mebibytes(size: int) -> int:
    return ROOM + -(-size // MEBIBYTE)
