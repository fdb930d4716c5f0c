# SPDX-License-Identifier: Apache-2.0
"""Zones of a Cosmogony file as a stream of the four values that counting needs; geometry is never kept."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

import ijson
import orjson
from cosmogony_steps.zonefiles import decompress, detect_format, strip_byte_order_marks, translate_file_errors

from .errors import InputError


class Zone(NamedTuple):
    """What counting needs of a zone."""

    id: int
    parent: int | None
    zone_type: str | None
    wikidata: str | None


def _zone(record: object, where: str) -> Zone:
    if not isinstance(record, dict) or "id" not in record:
        raise InputError(f"{where} is not a zone: an object with 'id' is needed")
    return Zone(record["id"], record.get("parent"), record.get("zone_type"), record.get("wikidata") or None)


def read_lines(lines: Iterable[bytes], name: str, *, allow_blank: bool = True) -> Iterator[Zone]:
    """One zone per line; a broken line, or a blank one that is not allowed, is an error that names its number."""
    for number, line in enumerate(strip_byte_order_marks(lines), 1):
        if allow_blank and (not line or line.isspace()):
            continue
        where = f"{name}, line {number}"
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as cause:
            raise InputError(f"{where} is not JSON ({cause}): was the file cut short?") from cause
        yield _zone(record, where)


def read_document(stream: IO[bytes], name: str) -> Iterator[Zone]:
    """The array ``zones`` of one JSON object, without holding the object."""
    count = 0
    try:
        for count, record in enumerate(ijson.items(_without_mark(stream), "zones.item", use_float=True), 1):
            yield _zone(record, f"{name}, zone {count}")
    except ijson.JSONError as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"{name}, after zone {count}: not JSON ({reason}): was the file cut short?") from cause


def _without_mark(stream: IO[bytes]) -> IO[bytes]:
    """A stream without its byte order mark."""
    buffered = io.BufferedReader(cast(io.RawIOBase, stream))
    if buffered.peek(len(BOM_UTF8)).startswith(BOM_UTF8):
        buffered.read(len(BOM_UTF8))
    return buffered


def read_file(path: Path) -> Iterator[Zone]:
    """The zones of a file in any of the four formats; several gzip members are one file.

    Blank lines are an error, as for the original.
    """
    name = str(path)
    form = detect_format(name, kind=InputError)
    with translate_file_errors(name, kind=InputError), path.open("rb") as raw:
        stream = decompress(raw, form)
        yield from read_lines(stream, name, allow_blank=False) if form.has_lines else read_document(stream, name)
