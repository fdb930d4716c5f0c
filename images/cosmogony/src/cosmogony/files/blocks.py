# SPDX-License-Identifier: Apache-2.0
"""Write one gzip member from blocks that were compressed independently.

Some readers stop at the first member of a gzip file, so several members are no way to compress in parallel. Blocks of
raw deflate that end on a byte can simply follow each other; only the checksums need arithmetic.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LEVEL = 4  # half the time of 6 for 5 % more bytes
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # no name, no time: equal input gives equal bytes
_POLYNOMIAL = 0xEDB88320


@dataclass(slots=True, frozen=True)
class Block:
    """A piece of output, raw or deflated."""

    data: bytes
    crc: int  # crc32 of what was deflated; 0 for a raw one
    size: int  # bytes before deflating


def raw_block(data: bytes) -> Block:
    """Return a piece of output as it is."""
    return Block(data, 0, len(data))


def deflate_block(data: bytes) -> Block:
    """Compress a piece of output so that another one can follow it."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    return Block(packed, zlib.crc32(data), len(data))


class GzipJoin:
    """Computes the checksum of a member from those of its blocks."""

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0

    def add(self, block: Block) -> None:
        """Append a block that was deflated."""
        self._crc = combine_crc32(self._crc, block.crc, block.size)
        self._size += block.size

    def trailer(self) -> bytes:
        """Return what ends the member: an empty block, the checksum and the size."""
        return b"\x03\x00" + struct.pack("<II", self._crc, self._size & 0xFFFFFFFF)


def write_blocks(path: Path, blocks: Iterable[Block], *, gzipped: bool) -> None:
    """Write blocks to a file, as one gzip member if they are deflated ones."""
    join = GzipJoin() if gzipped else None
    with path.open("wb") as file:
        if join is not None:
            file.write(HEADER)
        for block in blocks:
            file.write(block.data)
            if join is not None:
                join.add(block)
        if join is not None:
            file.write(join.trailer())


def combine_crc32(first: int, second: int, size: int) -> int:
    """Return the crc32 of two pieces from those of each, the second `size` bytes long.

    A crc is a polynomial over GF(2): appending `size` bytes multiplies it by x^(8 * size), modulo the crc polynomial.
    """
    return _multiply(_power(8 * size), first) ^ second


@cache
def _doubled(times: int) -> int:
    """x^(2^times)."""
    if times == 0:
        return 1 << 30  # x, in the reflected order of bits
    half = _doubled(times - 1)
    return _multiply(half, half)


def _power(exponent: int) -> int:
    result = 1 << 31  # 1
    times = 0
    while exponent:
        if exponent & 1:
            result = _multiply(_doubled(times), result)
        exponent >>= 1
        times += 1
    return result


def _multiply(one: int, other: int) -> int:
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = (other >> 1) ^ (_POLYNOMIAL if other & 1 else 0)
    return product
