# SPDX-License-Identifier: Apache-2.0
"""Read files of zone records: lines or one JSON document, gzipped or not, all members of a gzip file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from .errors import CosmogonyError
from .formats import RECORD_FORMATS, Format, detect
from .zone_type import BY_WORD

Record = dict[str, Any]


def check(path: Path) -> Format:
    """The format of a file that can be opened."""
    form = detect(path, RECORD_FORMATS)
    try:
        with path.open("rb"):
            return form
    except OSError as error:
        raise CosmogonyError(f"{path}: cannot be opened ({error.strerror})") from error


def records(path: Path) -> Iterator[Record | None]:
    """The records of a file in order; None stands for one that is no zone."""
    form = check(path)
    try:
        with _open(path, form) as file:
            if form.lines:
                for line in file:
                    if line.strip():
                        yield parse(line)
            else:
                yield from _document(path, file.read())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CosmogonyError(f"{path}: the gzip file is damaged or cut off. Make or fetch it again.") from error
    except OSError as error:
        raise CosmogonyError(f"{path}: cannot be read ({error.strerror or error})") from error


def _open(path: Path, form: Format) -> IO[bytes]:
    return gzip.open(path, "rb") if form.gzipped else path.open("rb")


def _document(path: Path, content: bytes) -> Iterator[Record | None]:
    try:
        document = orjson.loads(content)
        zones = document["zones"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise CosmogonyError(f"{path}: is no JSON document with a list `zones` ({error})") from error
    for zone in zones:
        yield zone if is_zone(zone) else None


def parse(line: bytes) -> Record | None:
    """The zone of a line, None when it is none."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if is_zone(found) else None


def is_zone(found: Any) -> bool:
    """Whether this has what a zone needs."""
    if not isinstance(found, dict):
        return False
    parent, geometry = found.get("parent"), found.get("geometry")
    return (
        _is_id(found.get("id"))
        and (parent is None or _is_id(parent))
        and isinstance(found.get("osm_id"), str)
        and isinstance(found.get("name"), str)
        and found.get("zone_type") in BY_WORD
        and (geometry is None or (isinstance(geometry, dict) and isinstance(geometry.get("coordinates"), list)))
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
