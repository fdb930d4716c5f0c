# SPDX-License-Identifier: Apache-2.0
"""Zones as rows of the table, made in several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, NamedTuple, TypeVar

from . import boxes, geometry, reader
from .refusals import Refusals, Refused, by_number

COLUMNS = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry", "country_code")
TYPES = ("int8", "int8", "varchar", "int4", "varchar", "varchar", "varchar", "bytea", "varchar")
BATCH_BYTES = 1 << 20

Row = tuple[Any, ...]  # COLUMNS, then the box: None when the record has none
Zone = dict[str, Any]
T = TypeVar("T")


class Batch(NamedTuple):
    """What became of some records of a file."""

    rows: list[Row | None]  # None for a zone without geometry; nothing when a record is refused
    numbers: list[int]  # of the records that are zones, whatever their geometry
    ids: list[int]  # of the same
    refused: list[Refused]


def of_records(records: Iterable[tuple[int, T]], zone_of: Callable[[T], Zone]) -> Batch:
    """The rows of some records, each with its number in the file."""
    numbers, zones, refused = [], [], []
    for number, record in records:
        try:
            zones.append(zone_of(record))
            numbers.append(number)
        except reader.InvalidZone as error:
            refused.append(Refused(number, error.osm_id, str(error)))
    ids = [zone["id"] for zone in zones]
    with_shape = [zone for zone in zones if zone["geometry"] is not None]
    try:
        shapes = geometry.ewkbs([zone["geometry"] for zone in with_shape], [_is_generated(zone) for zone in with_shape])
    except geometry.InvalidGeometry:
        refused += _with_invalid_geometry(numbers, zones)
    if refused:
        return Batch([], numbers, ids, sorted(refused, key=by_number))
    shape_of = dict(zip(map(id, with_shape), shapes, strict=True))
    return Batch([_row(zone, shape_of.get(id(zone))) for zone in zones], numbers, ids, [])


def _with_invalid_geometry(numbers: list[int], zones: list[Zone]) -> Iterator[Refused]:
    for number, zone in zip(numbers, zones, strict=True):
        try:
            if zone["geometry"] is not None:
                geometry.ewkb(zone["geometry"], _is_generated(zone))
        except geometry.InvalidGeometry as error:
            yield Refused(number, zone["osm_id"], str(error))


def _is_generated(zone: Zone) -> bool:
    return (zone["osm_id"] or "").startswith("node:")


def _row(zone: Zone, shape: bytes | None) -> Row | None:
    if shape is None:
        return None
    return (
        zone["id"],
        zone["parent"],
        zone["name"],
        zone["admin_level"],
        zone["zone_type"],
        zone["osm_id"],
        zone["wikidata"],
        shape,
        zone.get("country_code") or None,
        boxes.of_record(zone),
    )


def of_lines(first: int, lines: list[bytes]) -> Batch:
    """The rows of some lines; the work of one thread. Blank lines hold nothing."""
    numbered = enumerate(map(reader.without_mark, lines), first)
    return of_records(((number, line) for number, line in numbered if line and not line.isspace()), reader.of_line)


def of_stream(raw: IO[bytes], format_: str, name: str, jobs: int = 0) -> Iterator[Row | None]:
    """The rows of a file in its order, with a bounded part of it in memory.

    Raises `ImporterError` at the end of a file with refused zones; after the first of them there are no more rows.
    """
    lines = format_.startswith(".jsonl")
    refusals = Refusals(name, "line" if lines else "zone")
    with reader.damage(name):
        stream = reader.unpacked(raw, format_)
        if not lines:
            zones = enumerate(reader.document(stream, name), 1)
            batches: Iterable[Batch] = (of_records([zone], reader.checked) for zone in zones)
        elif jobs == 1:
            batches = (of_lines(first, some) for first, some in _lines(stream))
        else:
            batches = _parallel(_lines(stream), jobs or min(8, os.cpu_count() or 1))
        for batch in batches:
            refusals.add(batch.numbers, batch.ids, batch.refused)
            if not refusals.refused:
                yield from batch.rows
    refusals.check()


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Some lines at a time, with the number of the first one."""
    number = 1
    while lines := stream.readlines(BATCH_BYTES):
        yield number, lines
        number += len(lines)


def _parallel(batches: Iterable[tuple[int, list[bytes]]], jobs: int) -> Iterator[Batch]:
    """Batches in order; at most two a thread are under way.

    Threads, for unpacking, checking and repairing geometries run beside each other, and nothing has to be copied.
    """
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Batch]] = deque()
        try:
            for first, lines in batches:
                waiting.append(pool.submit(of_lines, first, lines))
                if len(waiting) >= 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
