# SPDX-License-Identifier: Apache-2.0
"""Read single zones: JSON of a line or of an element of a document, with checks."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path
from typing import IO, Any, cast

import orjson
import simdjson
from cosmogony_steps.errors import StepError
from isal import igzip, isal_zlib

from . import coordinates

KEYS = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry")
COUNTRY, BOX = "country_code", "bbox"
DETAILS = ("label", "zip_codes", "center", "tags", "center_tags")  # optional, see details.py
LABELS = "international_labels"
BUFFER = 1 << 20  # bytes
COORDINATES = re.compile(rb'"geometry":\s*{\s*"type":\s*"(?:Multi)?Polygon",\s*"coordinates":(?=\s*\[)')
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# the stub of isal declares an instance of the exception, but this is its class
ISAL_ERROR = cast(type[Exception], isal_zlib.error)

ZoneRecord = dict[str, Any]  # the JSON record of a zone in a file

_local = threading.local()


class InvalidZoneError(ValueError):
    """A record is not a valid zone; `osm_id` is that of the record, if it has one."""

    def __init__(self, reason: str, osm_id: str | None = None) -> None:
        super().__init__(reason)
        self.osm_id = osm_id


def open_file(path: Path) -> IO[bytes]:
    """Open a local file for reading bytes.

    Raises:
        StepError: the file cannot be read.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise StepError(f"{path} cannot be read: {error.strerror}") from error


def open_gzip(raw: IO[bytes]) -> IO[bytes]:
    """Return the text of a gzip file, read by a faster library than Python's; damage raises `ISAL_ERROR`."""
    file = igzip.IGzipFile(fileobj=raw)  # type: ignore[no-untyped-call]  # its constructor has no types
    return io.BufferedReader(file, BUFFER)


def parse_line(line: bytes) -> ZoneRecord:
    """Parse the zone of one line of JSON. If the line has the usual form, only the needed fields are parsed.

    Raises:
        InvalidZoneError: the line is not a zone.
    """
    try:
        zone = _parse_needed(line) or orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidZoneError(f"not JSON ({error.msg} at character {error.pos + 1})", _guess_osm_id(line)) from error
    return validate_zone(zone)


def validate_zone(zone: Any) -> ZoneRecord:
    """Return the record unchanged if it is a zone; its geometry is not checked.

    Raises:
        InvalidZoneError: the record is not a zone.
    """
    if not isinstance(zone, dict):
        raise InvalidZoneError(f"not a zone but a {type(zone).__name__}")
    if error := _find_error(zone):
        raise InvalidZoneError(error, _get_osm_id(zone))
    return zone


def _guess_osm_id(line: bytes) -> str | None:
    """Return the osm_id of a zone whose JSON is invalid because of numbers such as NaN, Infinity or 1e999."""
    try:
        return _get_osm_id(json.loads(line))
    except (ValueError, RecursionError):
        return None


def _get_osm_id(zone: Any) -> str | None:
    found = zone.get("osm_id") if isinstance(zone, dict) else None
    return found if isinstance(found, str) else None


def _parse_needed(line: bytes) -> ZoneRecord | None:
    """Return the zone without creating objects for positions; None if the line has an unusual form."""
    try:
        record: Any = _get_parser().parse(line)
        zone = {key: record[key] for key in (*KEYS, COUNTRY, BOX, *DETAILS) if key in record}
        if isinstance(zone.get("geometry"), simdjson.Object):
            zone["geometry"] = _parse_area(zone["geometry"], line)
        for key in zone.keys() & {BOX, *DETAILS}:
            zone[key] = _to_python(zone[key])
        if zone.get("center_tags") and LABELS in record:
            zone[LABELS] = _to_python(record[LABELS])
    except (ValueError, TypeError, KeyError, RuntimeError):  # RuntimeError: a number has more than 64 bits
        return None
    unread = any(isinstance(value, simdjson.Object | simdjson.Array) for value in zone.values())
    return None if unread else zone


def _to_python(value: Any) -> Any:
    if isinstance(value, simdjson.Object):
        return value.as_dict()
    return value.as_list() if isinstance(value, simdjson.Array) else value


def _parse_area(shape: Any, line: bytes) -> dict[str, Any]:
    kind, found = shape["type"], COORDINATES.search(line)
    if kind not in coordinates.AREAS or found is None:
        raise ValueError("not the geometry of an area")
    text = line[found.end() : line.find(b"}", found.end())]
    parsed = coordinates.parse_coordinates(shape["coordinates"], kind == "MultiPolygon", text)
    return {"type": kind, "coordinates": parsed}


def _get_parser() -> simdjson.Parser:
    """Return the parser of this thread, which reuses its memory."""
    parser: simdjson.Parser | None = getattr(_local, "parser", None)
    if parser is None:
        parser = _local.parser = simdjson.Parser()
    return parser


def _find_error(zone: ZoneRecord) -> str | None:
    missing = [key for key in KEYS if key not in zone]
    if missing:
        return f"it lacks the key{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    for key in ("id", "parent", "admin_level"):
        value = zone[key]
        if value is None and key != "id":
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{key} is {value!r}, not a whole number"
        bits = 31 if key == "admin_level" else 63
        if not -(1 << bits) <= value < 1 << bits:
            return f"{key} {value} does not fit in {bits + 1} bits"
    for key in ("name", "zone_type", "osm_id", "wikidata", "country_code"):
        value = zone.get(key)
        if value is not None and not isinstance(value, str):
            return f"{key} is {value!r}, not text"
        if value is not None and UNSTORABLE.search(value):
            return f"{key} contains U+0000 or half a surrogate pair, which PostgreSQL cannot store"
    return None
