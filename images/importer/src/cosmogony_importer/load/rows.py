# SPDX-License-Identifier: Apache-2.0
"""Convert zones to rows of the table, in several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, NamedTuple, TypeVar

from cosmogony_steps.zonefiles import ZoneFormat, decompress, strip_byte_order_marks, translate_file_errors

from . import boxes, details, geometry, pieces, ranks, zone_parsing
from .json_document import iterate_zones
from .refusals import Refusals, RefusedRecord, by_number
from .zone_parsing import ZoneRecord

COLUMNS = (
    *("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry", "country_code"),
    *("label", "names", "other_names", "population", "zip_codes", "center_lon", "center_lat", "area", "rank"),
)
TYPES = (
    *("int8", "int8", "varchar", "int4", "varchar", "varchar", "varchar", "bytea", "varchar"),
    *("text", "bytea", "text[]", "int8", "text[]", "float8", "float8", "float8", "float4"),
)
PIECE_COLUMNS = ("zone_id", "zone_type", "area", "rank", "geometry")
PIECE_TYPES = ("int8", "varchar", "float8", "float4", "bytea")
BATCH_BYTES = 1 << 20  # size of the lines that one thread converts at a time


class ZoneRow(NamedTuple):
    """What the database stores of a zone."""

    values: tuple[Any, ...]  # the values of the columns COLUMNS, in that order
    box: boxes.Box | None
    pieces: list[bytes]  # EWKB

    def list_pieces(self) -> Iterator[tuple[Any, ...]]:
        """Yield the values of PIECE_COLUMNS, for each piece."""
        zone = [self.get(column) for column in ("id", "zone_type", "area", "rank")]
        # whole square metres, so that zones with the same border have the same area
        return ((*zone[:2], round(zone[2]), zone[3], piece) for piece in self.pieces)

    def get(self, column: str) -> Any:
        """Return the value of one of COLUMNS."""
        return self.values[COLUMNS.index(column)]


T = TypeVar("T")


class _ConvertedBatch(NamedTuple):
    """Rows for the table that were made from some records of a file."""

    rows: list[ZoneRow | None]  # None for a zone without geometry; empty if a record is refused
    record_numbers: list[int]  # positions in the file, from 1, of the records that are zones
    ids: list[int]  # of the zones in `record_numbers`
    refused: list[RefusedRecord]


def read_rows(raw: IO[bytes], format_: ZoneFormat, name: str, jobs: int = 0) -> Iterator[ZoneRow | None]:
    """Yield the rows for the table zones, in the order of the file, with a bounded part of it in memory.

    Args:
        raw: the stored file, maybe compressed.
        format_: its format.
        name: of the file, for messages.
        jobs: threads that convert the lines; 0 is one per processor, at most 8.

    Yields:
        One row per zone, None for a zone without geometry; nothing after the first refused record.

    Raises:
        StepError: the file is damaged, or (raised at its end) records are refused.
    """
    refusals = Refusals(name, "line" if format_.has_lines else "zone")
    with translate_file_errors(name, zone_parsing.ISAL_ERROR):
        stream = decompress(raw, format_, zone_parsing.open_gzip)
        if not format_.has_lines:
            zones = enumerate(iterate_zones(stream, name), 1)
            batches: Iterable[_ConvertedBatch] = (
                _convert_records([zone], zone_parsing.validate_zone) for zone in zones
            )
        elif jobs == 1:
            batches = (_convert_lines(first, lines) for first, lines in _read_lines(stream))
        else:
            batches = _convert_parallel(_read_lines(stream), jobs or min(8, os.cpu_count() or 1))
        for batch in batches:
            refusals.add(batch.record_numbers, batch.ids, batch.refused)
            if not refusals.refused:
                yield from batch.rows
    refusals.raise_if_any()


def _convert_lines(first: int, lines: list[bytes]) -> _ConvertedBatch:
    """Convert lines of JSON to rows; `first` is the number of the first line, blank lines are skipped."""
    numbered = enumerate(strip_byte_order_marks(lines), first)
    return _convert_records(
        ((number, line) for number, line in numbered if line and not line.isspace()), zone_parsing.parse_line
    )


def _convert_records(records: Iterable[tuple[int, T]], to_zone: Callable[[T], ZoneRecord]) -> _ConvertedBatch:
    """Convert records of zones, each with its number in the file, to rows."""
    numbers, zones, refused = [], [], []
    for number, record in records:
        try:
            zones.append(to_zone(record))
            numbers.append(number)
        except zone_parsing.InvalidZoneError as error:
            refused.append(RefusedRecord(number, error.osm_id, str(error)))
    ids = [zone["id"] for zone in zones]
    with_shape = [zone for zone in zones if zone["geometry"] is not None]
    shapes: list[geometry.ConvertedShape] = []
    try:
        shapes = geometry.convert_shapes(
            [zone["geometry"] for zone in with_shape], [_is_generated(zone) for zone in with_shape]
        )
    except geometry.InvalidGeometryError:
        refused += _refuse_invalid_geometries(numbers, zones)
    if refused:
        return _ConvertedBatch([], numbers, ids, sorted(refused, key=by_number))
    shape_of = dict(zip(map(id, with_shape), shapes, strict=True))
    return _ConvertedBatch([_make_row(zone, shape_of.get(id(zone))) for zone in zones], numbers, ids, [])


def _refuse_invalid_geometries(numbers: list[int], zones: list[ZoneRecord]) -> Iterator[RefusedRecord]:
    for number, zone in zip(numbers, zones, strict=True):
        try:
            if zone["geometry"] is not None:
                geometry.to_ewkb(zone["geometry"], _is_generated(zone))
        except geometry.InvalidGeometryError as error:
            yield RefusedRecord(number, zone["osm_id"], str(error))


def _is_generated(zone: ZoneRecord) -> bool:
    return (zone["osm_id"] or "").startswith("node:")


def _make_row(zone: ZoneRecord, shape: geometry.ConvertedShape | None) -> ZoneRow | None:
    if shape is None:
        return None
    population = details.read_population(zone)
    values = (
        zone["id"],
        zone["parent"],
        zone["name"],
        zone["admin_level"],
        zone["zone_type"],
        zone["osm_id"],
        zone["wikidata"],
        shape.ewkb,
        zone.get("country_code") or None,
        details.clean_storable_text(zone.get("label")),
        details.encode_jsonb(details.collect_names(zone)),
        details.collect_other_names(zone),
        population,
        details.clean_storable_texts(zone.get("zip_codes")),
        *details.read_center(zone),
        shape.area,
        ranks.rank_zone(zone["zone_type"], population, shape.area),
    )
    return ZoneRow(values, boxes.read_box(zone), pieces.cut_shape(shape.degrees))


def _read_lines(stream: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Yield batches of lines, each with the number of its first line."""
    number = 1
    while lines := stream.readlines(BATCH_BYTES):
        yield number, lines
        number += len(lines)


def _convert_parallel(batches: Iterable[tuple[int, list[bytes]]], jobs: int) -> Iterator[_ConvertedBatch]:
    """Convert batches in order, with at most two per thread in memory.

    Threads are enough, because decompressing, checking and repairing geometries release the interpreter's lock.
    """
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[_ConvertedBatch]] = deque()
        try:
            for first, lines in batches:
                waiting.append(pool.submit(_convert_lines, first, lines))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
