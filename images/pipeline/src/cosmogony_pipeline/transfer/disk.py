# SPDX-License-Identifier: Apache-2.0
"""Estimates of scratch space, made before a step starts so that Kubernetes places it where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from cosmogony_steps.documents import PartMarker

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE
WORKING_SPACE = 256  # MiB
ASSUMED_SIZE = 4 * GIBIBYTE  # of a file whose server does not send a size
_GROWTH = 5 / 4  # allowed for the zones of a new version, compared with the one before


def estimate_extract_disk(size: int) -> int:
    """Return the MiB needed to extract a file: the file, its zones, and working space.

    Args:
        size: bytes of the file, 0 if unknown.
    """
    size = size or ASSUMED_SIZE
    return _mebibytes(size + max(size * 3 // 2, _estimate_zones(size)))


def estimate_merge_disk(parts: Sequence[int]) -> int:
    """Return the MiB needed to merge files of zones: the files and the merged one; a single file is not copied.

    Args:
        parts: bytes of each file.
    """
    return _mebibytes(sum(parts) * (1 if len(parts) == 1 else 2))


def estimate_part_size(size: int, part: PartMarker | None, *, usable: bool) -> int:
    """Return the bytes of the zones of a source: known, or estimated by the last version, or by the size of the file.

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


def is_too_small(available: int, parts: Sequence[int]) -> bool:
    """Return whether `available` bytes are too few to merge files of these sizes; `WORKING_SPACE` is not demanded."""
    return available < (estimate_merge_disk(parts) - WORKING_SPACE) * MEBIBYTE


def _estimate_zones(size: int) -> int:
    """Estimate the bytes of zones: about three times the file for boundaries alone, a tenth for a full extract."""
    return min(size * 4, 4 * GIBIBYTE + size // 2)


def _mebibytes(size: int) -> int:
    return WORKING_SPACE + -(-size // MEBIBYTE)
