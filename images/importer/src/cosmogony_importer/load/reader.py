# SPDX-License-Identifier: Apache-2.0
"""Reads zones from the four formats of the extractor, one at a time."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
import simdjson
from isal import igzip, isal_zlib

from ..errors import ImporterError
from . import coordinates

KEYS = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry")
COUNTRY, BOX = "country_code", "bbox"
ENDINGS = (".jsonl.gz", ".jsonl", ".json.gz", ".json")
CHUNK = 1 << 20
BYTE_ORDER_MARK = "\ufeff"
COORDINATES = re.compile(rb'"geometry":\s*{\s*"type":\s*"(?:Multi)?Polygon",\s*"coordinates":(?=\s*\[)')

UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_local = threading.local()


class InvalidZone(ValueError):
    """What is wrong with a record, and the osm_id that it gives, if any."""

    def __init__(self, reason: str, osm_id: str | None = None) -> None:
        super().__init__(reason)
        self.osm_id = osm_id


def ending(path: str) -> str:
    for candidate in ENDINGS:
        if path.endswith(candidate):
            return candidate
    raise ImporterError(f"Unknown file extension: {path}; wanted one of {', '.join(ENDINGS)}")


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise ImporterError(f"{path} cannot be read: {error.strerror}") from error


def unpacked(raw: IO[bytes], format_: str) -> Any:
    """The text of a file; all members of a gzip file."""
    return io.BufferedReader(igzip.IGzipFile(fileobj=raw), CHUNK) if format_.endswith(".gz") else raw


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Name the file that is damaged."""
    try:
        yield
    except (EOFError, igzip.BadGzipFile, isal_zlib.error) as error:
        raise ImporterError(f"{name} is damaged: {error}; make it again") from error


def without_mark(line: bytes) -> bytes:
    """A line without the byte order mark that files put together by `cat` have at the beginning of any line."""
    return line.removeprefix(BOM_UTF8)


def of_line(line: bytes) -> dict[str, Any]:
    """The zone of one line; only what the table holds is read where the line is like one of the extractor.

    Raises `InvalidZone`.
    """
    try:
        zone = _wanted(line) or orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidZone(f"no JSON ({error.msg} at character {error.pos + 1})", _osm_id_nevertheless(line)) from error
    return checked(zone)


def _osm_id_nevertheless(line: bytes) -> str | None:
    """The osm_id of a zone that is JSON but for numbers such as NaN, Infinity or 1e999."""
    try:
        return _osm_id(json.loads(line))
    except (ValueError, RecursionError):
        return None


def _osm_id(zone: Any) -> str | None:
    found = zone.get("osm_id") if isinstance(zone, dict) else None
    return found if isinstance(found, str) else None


def _wanted(line: bytes) -> dict[str, Any] | None:
    """The zone without an object for each tag and point, which are most of the line; None when it is not as usual."""
    try:
        read = _parser().parse(line)
        zone = {key: read[key] for key in (*KEYS, COUNTRY, BOX) if key in read}
        if isinstance(zone.get("geometry"), simdjson.Object):
            zone["geometry"] = _area(zone["geometry"], line)
        if isinstance(zone.get(BOX), simdjson.Array):
            zone[BOX] = zone[BOX].as_list()
    except (ValueError, TypeError, KeyError, RuntimeError):  # the last one of a number with more than 64 bits
        return None
    unread = any(isinstance(value, simdjson.Object | simdjson.Array) for value in zone.values())
    return None if unread else zone


def _area(shape: simdjson.Object, line: bytes) -> dict[str, Any]:
    kind, found = shape["type"], COORDINATES.search(line)
    if kind not in coordinates.AREAS or found is None:
        raise ValueError("not the geometry of an area")
    text = line[found.end() : line.find(b"}", found.end())]
    return {"type": kind, "coordinates": coordinates.read(shape["coordinates"], kind == "MultiPolygon", text)}


def _parser() -> simdjson.Parser:
    """One a thread: it keeps its memory from one line to the next."""
    if not hasattr(_local, "parser"):
        _local.parser = simdjson.Parser()
    return _local.parser


def checked(zone: Any) -> dict[str, Any]:
    """Raise `InvalidZone` for what is no zone; its geometry is left aside."""
    if not isinstance(zone, dict):
        raise InvalidZone(f"no zone but a {type(zone).__name__}")
    if fault := _fault(zone):
        raise InvalidZone(fault, _osm_id(zone))
    return zone


def _fault(zone: dict[str, Any]) -> str | None:
    missing = [key for key in KEYS if key not in zone]
    if missing:
        return f"it lacks the key{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    for key in ("id", "parent", "admin_level"):
        value = zone[key]
        if value is None and key != "id":
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{key} is {value!r}, wanted a whole number"
        bits = 31 if key == "admin_level" else 63
        if not -(1 << bits) <= value < 1 << bits:
            return f"{key} {value} does not fit in {bits + 1} bits"
    for key in ("name", "zone_type", "osm_id", "wikidata", "country_code"):
        value = zone.get(key)
        if value is not None and not isinstance(value, str):
            return f"{key} is {value!r}, wanted text"
        if value is not None and UNSTORABLE.search(value):
            return f"{key} holds U+0000 or half a surrogate pair, which PostgreSQL cannot store"
    return None


def document(stream: IO[bytes], name: str) -> Iterator[Any]:
    """Yield the elements of the array `zones` of one big object, holding one element at a time."""
    text = _Text(stream, name)
    if text.peek() == BYTE_ORDER_MARK:
        text.expect(BYTE_ORDER_MARK)
    text.expect("{")
    found = False
    if text.peek() == "}":
        text.expect("}")
    else:
        while True:
            key = text.value()
            text.expect(":")
            if key == "zones":
                found = True
                yield from text.elements()
            else:
                text.value()
            if text.expect(",}") == "}":
                break
    if not found:
        raise ImporterError(f"{name} has no array zones; is it a cosmogony file?")


class _Text:
    """A buffer over a stream that decodes one JSON value after the other."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name = stream, name
        self.buffer, self.position, self.ended = "", 0, False
        self.decoder = json.JSONDecoder()
        self.partial = b""

    def _fill(self, size: int = CHUNK) -> None:
        data = self.stream.read(size)
        self.ended = not data
        data = self.partial + data
        try:
            text, self.partial = data.decode(), b""
        except UnicodeDecodeError as error:
            if self.ended or len(data) - error.start > 3:
                raise ImporterError(f"{self.name} is not UTF-8: {error}") from error
            text, self.partial = data[: error.start].decode(), data[error.start :]
        self.buffer = self.buffer[self.position :] + text
        self.position = 0

    def peek(self) -> str:
        while True:
            while self.position < len(self.buffer) and self.buffer[self.position] in " \t\r\n":
                self.position += 1
            if self.position < len(self.buffer):
                return self.buffer[self.position]
            if self.ended:
                raise ImporterError(f"{self.name} ends in the middle; make it again")
            self._fill()

    def expect(self, characters: str) -> str:
        found = self.peek()
        if found not in characters:
            raise ImporterError(f"{self.name} is no JSON: {found!r} where {' or '.join(characters)} should be")
        self.position += 1
        return found

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.position)
            except RecursionError as error:
                raise ImporterError(f"{self.name} is nested too deeply; is it a cosmogony file?") from error
            except json.JSONDecodeError as error:
                if self.ended:
                    raise ImporterError(f"{self.name} is no JSON or ends in the middle: {error.msg}") from error
            else:
                if end < len(self.buffer) or self.ended:  # a number at the end could go on
                    self.position = end
                    return value
            self._fill(max(CHUNK, len(self.buffer) - self.position))  # double, so that a big value is not re-read often

    def elements(self) -> Iterator[Any]:
        self.expect("[")
        if self.peek() == "]":
            self.expect("]")
            return
        while True:
            yield self.value()
            if self.expect(",]") == "]":
                return
