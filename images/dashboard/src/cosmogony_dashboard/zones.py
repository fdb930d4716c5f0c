# SPDX-License-Identifier: Apache-2.0
"""Read the zones of a file as a stream, with only the four fields that counting needs."""

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
    """The fields of the record of a zone that are needed to count zones."""

    id: int
    parent: int | None
    zone_type: str | None
    wikidata: str | None


def _to_zone(record: object, where: str) -> Zone:
    if not isinstance(record, dict) or "id" not in record:
        raise InputError(f"{where} is not a zone: an object with 'id' is required")
    return Zone(record["id"], record.get("parent"), record.get("zone_type"), record.get("wikidata") or None)


def read_zone_lines(lines: Iterable[bytes], name: str, *, allow_blank: bool = True) -> Iterator[Zone]:
    """Yield the zone of each line of JSON.

    Raises:
        InputError: a line is not a zone, or is blank and that is not allowed; the message has its number.
    """
    for number, line in enumerate(strip_byte_order_marks(lines), 1):
        if allow_blank and (not line or line.isspace()):
            continue
        where = f"{name}, line {number}"
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as cause:
            raise InputError(f"{where} is not JSON ({cause}): was the file cut short?") from cause
        yield _to_zone(record, where)


def _read_zone_document(stream: IO[bytes], name: str) -> Iterator[Zone]:
    """Yield the zones in the array ``zones`` of one JSON object, which is never in memory as a whole.

    Raises:
        InputError: the file is not JSON, or an element is not a zone.
    """
    count = 0
    try:
        for count, record in enumerate(ijson.items(_skip_byte_order_mark(stream), "zones.item", use_float=True), 1):
            yield _to_zone(record, f"{name}, zone {count}")
    except ijson.JSONError as cause:
        reason = str(cause).splitlines()[0]
        raise InputError(f"{name}, after zone {count}: not JSON ({reason}): was the file cut short?") from cause


def _skip_byte_order_mark(stream: IO[bytes]) -> IO[bytes]:
    """Return the stream without a UTF-8 byte order mark at its beginning."""
    buffered = io.BufferedReader(cast(io.RawIOBase, stream))
    if buffered.peek(len(BOM_UTF8)).startswith(BOM_UTF8):
        buffered.read(len(BOM_UTF8))
    return buffered


def read_zones(path: Path) -> Iterator[Zone]:
    """Yield the zones of a file in any of the four formats; a gzip file may have several members.

    Blank lines are an error, as in the original dashboard.

    Raises:
        InputError: the file cannot be read, or contains something else than zones.
    """
    name = str(path)
    form = detect_format(name, kind=InputError)
    with translate_file_errors(name, kind=InputError), path.open("rb") as raw:
        stream = decompress(raw, form)
        yield from (
            read_zone_lines(stream, name, allow_blank=False) if form.has_lines else _read_zone_document(stream, name)
        )
