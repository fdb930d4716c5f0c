# SPDX-License-Identifier: Apache-2.0
"""Estimate the scratch space of a step before it starts, so that Kubernetes places it where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from cosmogony_steps.documents import PartMarker

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
WORKING_SPACE = 256  # MiB of scratch space for anything that is not estimated
ASSUMED_SIZE = 4 * GIBIBYTE  # bytes assumed for a file whose size its server does not send
_GROWTH = 5 / 4  # most growth of the zones in a new version of a source, as a factor


def estimate_extract_mib(size: int) -> int:
    """Return the MiB of scratch space needed to extract a file: the file, its zones, and working space.

    Args:
        size: bytes of the file, 0 if unknown.
    """
    size = size or ASSUMED_SIZE
    return _mebibytes(size + max(size * 3 // 2, _estimate_zones(size)))


def estimate_merge_mib(parts: Sequence[int]) -> int:
    """Return the MiB of scratch space needed to merge files of zones: the files, the merged one, working space.

    Args:
        parts: bytes of each file.
    """
    return _mebibytes(sum(parts) * (1 if len(parts) == 1 else 2))


def estimate_part_bytes(size: int, part: PartMarker | None, *, usable: bool) -> int:
    """Return the size of the zones of a source in bytes, estimated from the last version or the source if unknown.

    Args:
        size: bytes of the source's file, 0 if unknown.
        part: marker of the stored zones.
        usable: whether the stored zones will be merged without being made again.
    """
    if part is not None and usable:
        return part.size
    if part is not None and part.source.size and size:
        return int(part.size * size * _GROWTH / part.source.size)
    return _estimate_zones(size or ASSUMED_SIZE)


def is_too_small_to_merge(available: int, parts: Sequence[int]) -> bool:
    """Return whether `available` bytes are too few to merge files of these sizes, not counting `WORKING_SPACE`."""
    return available < (estimate_merge_mib(parts) - WORKING_SPACE) * MEBIBYTE


def _estimate_zones(size: int) -> int:
    """Return the most bytes to expect of the zones of a file: small files may hold boundaries alone, large ones not."""
    return min(size * 4, 4 * GIBIBYTE + size // 2)


def _mebibytes(size: int) -> int:
    return WORKING_SPACE + -(-size // MEBIBYTE)
