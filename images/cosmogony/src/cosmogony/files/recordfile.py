# SPDX-License-Identifier: Apache-2.0
"""Read files of zone records: a record per line or one JSON document, gzipped (with any number of members) or not."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

import orjson
from cosmogony_steps.zonefiles import decompress, strip_byte_order_marks, translate_file_errors

from ..errors import CosmogonyError
from ..geometry import geojson
from ..zones.zone_type import TYPES_BY_WORD
from .formats import RECORD_FORMATS, Format, detect_format

Record = dict[str, Any]
MAX_ID = (1 << 63) - 1  # the largest id of a zone: the largest bigint of PostgreSQL
_TEXT, _LIST, _OBJECT = (str, NoneType), (list, NoneType), (dict, NoneType)  # fields may be missing or null


def check_and_detect_format(path: Path) -> Format:
    """Return the format of a file of zones, after checking that the file can be opened.

    Raises:
        CosmogonyError: the file cannot be opened, or records cannot be read from its format.
    """
    form = detect_format(path, RECORD_FORMATS)
    try:
        with path.open("rb"):
            return form
    except OSError as error:
        raise CosmogonyError(f"{path}: cannot be opened ({error.strerror})") from error


def read_records(path: Path) -> Iterator[Record | None]:
    """Yield the zone records of a file in order, None for each that is not a zone. Geometries are not checked.

    Raises:
        CosmogonyError: the file cannot be read, or is damaged.
    """
    return (record for _, record in read_numbered_records(path))


def read_numbered_records(path: Path) -> Iterator[tuple[str, Record | None]]:
    """Yield the place of each record in the file, such as `line 3`, and the record, None if it is not a zone.

    Blank lines are skipped.

    Raises:
        CosmogonyError: the file cannot be read, or is damaged.
    """
    form = check_and_detect_format(path)
    with translate_file_errors(str(path), kind=CosmogonyError), path.open("rb") as raw:
        file = decompress(raw, form)
        if form.has_lines:
            for number, line in enumerate(strip_byte_order_marks(file), 1):
                if line and not line.isspace():
                    yield f"line {number}", _parse_zone_record(line)
        else:
            for number, zone in enumerate(_parse_document(path, file.read()), 1):
                yield f"zone {number}", zone if _is_zone_record(zone) else None


def _parse_document(path: Path, content: bytes) -> list[Any]:
    try:
        zones = orjson.loads(content.removeprefix(BOM_UTF8))["zones"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise CosmogonyError(f"{path}: is not a JSON document with a list `zones` ({error})") from error
    if not isinstance(zones, list):
        raise CosmogonyError(f"{path}: `zones` is a {type(zones).__name__}, wanted a list")
    return zones


def _parse_zone_record(line: bytes) -> Record | None:
    """Return the zone record on a line of JSON, None if the line is not a zone."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = _parse_invalid_numbers(line)
    return found if _is_zone_record(found) else None


def _parse_invalid_numbers(line: bytes) -> Record | None:
    """Return the zone on a line that is JSON but for NaN, Infinity or 1e999 in its coordinates; None otherwise."""
    try:
        found: Record = json.loads(line)
        (measured,) = geojson.measure_zones([("", geojson.parse_geometry(found["geometry"]))])
    except geojson.InvalidGeometryError:
        return found
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if measured.fault else None


def _is_zone_record(found: Any) -> bool:
    """Return whether a JSON value has the fields of a zone, apart from a valid geometry."""
    if not isinstance(found, dict):
        return False
    parent, kind = found.get("parent"), found.get("zone_type")
    return (
        _is_id(found.get("id"))
        and (parent is None or _is_id(parent))
        and isinstance(found.get("osm_id"), str)
        and isinstance(found.get("name"), str)
        and isinstance(kind, str)
        and kind in TYPES_BY_WORD
        and isinstance(found.get("country_code"), _TEXT)
        and isinstance(found.get("wikidata"), _TEXT)
        and isinstance(found.get("zip_codes"), _LIST)
        and isinstance(found.get("international_labels"), _OBJECT)
        and _are_tags(found.get("tags"))
        and _are_tags(found.get("center_tags"))
    )


def _are_tags(value: Any) -> bool:
    return isinstance(value, _OBJECT) and (not value or set(map(type, value.values())) == {str})


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID
