# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import tempfile
import zlib
from pathlib import Path

from cosmogony.files.gzip_blocks import combine_crc32, deflate_block, write_blocks
from hypothesis import given
from hypothesis import strategies as st


@given(st.binary(), st.binary())
def test_checksums_combine(one: bytes, two: bytes) -> None:
    assert combine_crc32(zlib.crc32(one), zlib.crc32(two), len(two)) == zlib.crc32(one + two)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_blocks_make_one_member(pieces: list[bytes]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        write_blocks(Path(file.name), map(deflate_block, pieces), gzipped=True)
        data = file.read()
    assert gzip.decompress(data) == b"".join(pieces)
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacker.decompress(data)
    assert unpacker.eof
    assert unpacker.unused_data == b""
