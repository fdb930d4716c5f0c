# SPDX-License-Identifier: Apache-2.0
"""Extracts that changed, grew or broke."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import osmium

FILLER = 60 * 1024  # a blob's header may have 64 KiB


class _Renamed(osmium.SimpleHandler):
    """Writes everything, one relation under another name."""

    def __init__(self, writer: osmium.SimpleWriter, number: int, name: str) -> None:
        super().__init__()
        self.writer, self.number, self.name = writer, number, name
        self.found = False

    def node(self, node: osmium.osm.Node) -> None:
        self.writer.add_node(node)

    def way(self, way: osmium.osm.Way) -> None:
        self.writer.add_way(way)

    def relation(self, relation: osmium.osm.Relation) -> None:
        if relation.id == self.number:
            self.found = True
            relation = relation.replace(tags={**dict(relation.tags), "name": self.name})
        self.writer.add_relation(relation)


def renamed(content: bytes, osm_id: str, name: str, folder: Path) -> bytes:
    """The extract as it would be after somebody gave a boundary another name."""
    number = int(osm_id.removeprefix("relation:"))
    before, after = folder / "before.osm.pbf", folder / "after.osm.pbf"
    before.write_bytes(content)
    after.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(str(after))
    handler = _Renamed(writer, number, name)
    try:
        handler.apply_file(str(before))
    finally:
        writer.close()
    assert handler.found, f"the extract has no {osm_id}"
    return after.read_bytes()


def padded(content: bytes, size: int) -> bytes:
    """The same data in at least SIZE bytes that do not compress: empty blobs with long headers."""
    block = _field(1, b"")  # a primitive block with an empty string table
    blob = _number(2, len(block)) + _field(3, zlib.compress(block))
    parts = [content]
    total = len(content)
    while total < size:
        header = _field(1, b"OSMData") + _field(2, os.urandom(FILLER)) + _number(3, len(blob))
        part = struct.pack(">I", len(header)) + header + blob
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def broken(content: bytes) -> bytes:
    """An extract that its server damaged before it digested it."""
    middle = len(content) // 2
    return content[:middle] + os.urandom(4096) + content[middle + 4096 :]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)
