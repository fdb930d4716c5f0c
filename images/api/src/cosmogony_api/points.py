# SPDX-License-Identifier: Apache-2.0
"""Batches of points: JSON or CSV in, JSON or CSV out, in the same order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from cosmogony_api.database import Reader
from cosmogony_api.models_v1 import MAX_POINTS, FoundZone, Point, ReverseOptions
from cosmogony_api.parameters import decode_text
from cosmogony_api.reverse import find_zones_of_points
from cosmogony_api.structs import prepare_for_threads
from cosmogony_api.tables import ZONE_FIELDS, format_rows, list_csv_values
from cosmogony_api.zone_details import View

CHUNK_POINTS = 1000  # are found and sent together


def parse_json_points(body: bytes) -> list[Point]:
    """Return the points of `{"points": [{"lat": …, "lon": …}, …]}`.

    Raises:
        BadRequest: the body is something else; says where.
        RequestEntityTooLarge: too many points.
    """
    try:
        return _check_number(msgspec.json.decode(body, type=_Points).points)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not a batch of points: {error}") from None


def parse_csv_points(body: bytes) -> list[Point]:
    """Return the points of a table whose first line names the columns lat and lon; other columns are ignored.

    Raises:
        BadRequest: the body is something else; names the line.
        RequestEntityTooLarge: too many points.
    """
    reader = csv.reader(io.StringIO(decode_text(body, "The body").removeprefix("\ufeff"), newline=""))
    points: list[Point] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if header.count("lat") != 1 or header.count("lon") != 1:
            raise BadRequest("The first line of the body must name the columns, lat and lon once each among them")
        lat, lon = header.index("lat"), header.index("lon")
        for row in reader:
            if not row:
                continue
            if len(row) <= max(lat, lon):
                raise BadRequest(f"Line {reader.line_num} of the body has only {len(row)} columns")
            points.append(msgspec.convert({"lat": row[lat].strip(), "lon": row[lon].strip()}, Point, strict=False))
            _check_number(points)
    except csv.Error as error:
        raise BadRequest(f"Line {reader.line_num} of the body is not CSV: {error}") from None
    except msgspec.ValidationError as error:
        raise BadRequest(f"Line {reader.line_num} of the body: {error}") from None
    return points


def stream_zones_as_json(
    connection: Reader, view: View, points: Sequence[Point], options: ReverseOptions
) -> Iterator[bytes]:
    """Yield the zones of points as JSON, a ZonesOfPoints."""
    yield b'{"release":' + msgspec.json.encode(view.release.id) + b',"points":['
    between = b""
    for _, found in _find(connection, view, points, options):
        yield between + _encode_zones(found)
        between = b","
    yield b"]}\n"


def stream_zones_as_csv(
    connection: Reader, view: View, points: Sequence[Point], options: ReverseOptions
) -> Iterator[bytes]:
    """Yield the zones of points as CSV: a line per point and zone, and a line for a point without zones."""
    yield format_rows([("point", "lat", "lon", "distance", *ZONE_FIELDS)])
    nothing = [None] * len(ZONE_FIELDS)
    for start, found in _find(connection, view, points, options):
        yield format_rows(
            [number + 1, points[number].lat, points[number].lon, *values]
            for number, zones in enumerate(found, start)
            for values in ([[zone.distance, *list_csv_values(zone)] for zone in zones] or [[None, *nothing]])
        )


def _find(
    connection: Reader, view: View, points: Sequence[Point], options: ReverseOptions
) -> Iterator[tuple[int, list[list[FoundZone]]]]:
    for start in range(0, len(points), CHUNK_POINTS):
        chunk = points[start : start + CHUNK_POINTS]
        lons, lats = [point.lon for point in chunk], [point.lat for point in chunk]
        yield start, find_zones_of_points(connection, view, lons, lats, options)


def _encode_zones(found: Sequence[Sequence[FoundZone]]) -> bytes:
    """Return the zones of points as JSON, each a ZonesOfPoint. A zone that many points share is encoded once."""
    encoded: dict[tuple[int, float], bytes] = {}
    points = []
    for zones in found:
        texts = []
        for zone in zones:
            key = (zone.id, zone.distance)
            text = encoded.get(key)
            if text is None:
                text = encoded[key] = msgspec.json.encode(zone)
            texts.append(text)
        points.append(b'{"zones":[' + b",".join(texts) + b"]}")
    return b",".join(points)


def _check_number(points: list[Point]) -> list[Point]:
    if len(points) > MAX_POINTS:
        raise RequestEntityTooLarge(f"A batch has at most {MAX_POINTS} points; send several")
    return points


@prepare_for_threads
class _Points(msgspec.Struct, forbid_unknown_fields=True):
    """As PointBatch, but of any number of points, so that too many are 413 instead of 400."""

    points: list[Point]
