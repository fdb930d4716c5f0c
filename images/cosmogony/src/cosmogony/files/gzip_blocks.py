# SPDX-License-Identifier: Apache-2.0
"""Write one gzip member made of blocks that were compressed independently.

Some readers stop after the first member of a gzip file, so parallel compression cannot write several members. Blocks of
raw deflate that end on a byte boundary can simply follow each other; only the checksums need arithmetic.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LEVEL = 4  # compression level of zlib: half the time of level 6 for 5 % more bytes
# the gzip header, without file name and time, so that equal input gives equal bytes
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"  # an empty deflate block that is marked as the last one
_POLYNOMIAL = 0xEDB88320


@dataclass(slots=True, frozen=True)
class Block:
    """A piece of an output file, uncompressed (raw) or compressed with deflate."""

    data: bytes
    crc: int  # crc32 of the data before it was deflated; 0 for a raw block
    size: int  # bytes of the data before it was deflated


def make_raw_block(data: bytes) -> Block:
    """Return the block that writes these bytes uncompressed."""
    return Block(data, 0, len(data))


def deflate_block(data: bytes) -> Block:
    """Return the block that writes these bytes compressed, ending so that another block can follow it."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    return Block(packed, zlib.crc32(data), len(data))


def write_blocks(path: Path, blocks: Iterable[Block], *, gzipped: bool) -> None:
    """Write blocks to a file: raw ones, or with `gzipped` deflated ones as a single gzip member."""
    crc, size = 0, 0
    with path.open("wb") as file:
        if gzipped:
            file.write(HEADER)
        for block in blocks:
            file.write(block.data)
            if gzipped:
                crc, size = combine_crc32(crc, block.crc, block.size), size + block.size
        if gzipped:
            file.write(_END + struct.pack("<II", crc, size & 0xFFFFFFFF))


def combine_crc32(first: int, second: int, size: int) -> int:
    """Return the crc32 of two joined pieces, from the crc32 of each and the `size` of the second in bytes.

    A crc is a polynomial over GF(2): appending `size` bytes multiplies it by x^(8 * size), modulo the crc polynomial.
    """
    return _multiply(_power(8 * size), first) ^ second


@cache
def _power_of_two(exponent: int) -> int:
    """Return the polynomial x^(2^exponent), modulo the crc polynomial."""
    if exponent == 0:
        return 1 << 30  # the polynomial x; bits are in reflected order, the highest bit is 1
    root = _power_of_two(exponent - 1)
    return _multiply(root, root)


def _power(exponent: int) -> int:
    """Return the polynomial x^exponent, modulo the crc polynomial."""
    result = 1 << 31  # the polynomial 1
    for bit in range(exponent.bit_length()):
        if exponent >> bit & 1:
            result = _multiply(_power_of_two(bit), result)
    return result


def _multiply(one: int, other: int) -> int:
    """Return the product of two polynomials, modulo the crc polynomial."""
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = (other >> 1) ^ (_POLYNOMIAL if other & 1 else 0)
    return product
