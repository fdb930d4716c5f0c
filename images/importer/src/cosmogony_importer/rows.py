# SPDX-License-Identifier: Apache-2.0
"""Zones as rows of the table, made in several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

from . import boxes, geometry, reader
from .errors import ImporterError

COLUMNS = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry", "country_code")
TYPES = ("int8", "int8", "varchar", "int4", "varchar", "varchar", "varchar", "bytea", "varchar")
BATCH_BYTES = 1 << 20

Row = tuple[Any, ...]  # COLUMNS, then the box: None when the record has none


def of_zones(zones: list[dict[str, Any]]) -> list[Row | None]:
    """The rows of some zones; None for one without geometry."""
    with_shape = [zone for zone in zones if zone["geometry"] is not None]
    try:
        shapes = geometry.ewkbs([zone["geometry"] for zone in with_shape])
    except geometry.BadGeometry:
        _complain(with_shape)
        raise
    shape_of = dict(zip(map(id, with_shape), shapes, strict=True))
    return [_row(zone, shape_of.get(id(zone))) for zone in zones]


def _complain(zones: list[dict[str, Any]]) -> None:
    """Name the first zone whose geometry is bad."""
    for zone in zones:
        try:
            geometry.ewkb(zone["geometry"])
        except geometry.BadGeometry as error:
            raise ImporterError(f"zone {zone['id']} ({zone['osm_id']}): {error}") from error


def _row(zone: dict[str, Any], shape: bytes | None) -> Row | None:
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


def of_lines(name: str, first: int, lines: list[bytes]) -> list[Row | None]:
    """The rows of some lines; the work of one thread."""
    return of_zones([reader.of_line(line, name, number) for number, line in enumerate(lines, first)])


def of_stream(raw: IO[bytes], format_: str, name: str, jobs: int = 0) -> Iterator[Row | None]:
    """The rows of a file in its order, with a bounded part of it in memory."""
    with reader.damage(name):
        stream = reader.unpacked(raw, format_)
        if not format_.startswith(".jsonl"):
            for zone in reader.document(stream, name):
                yield from of_zones([zone])
        elif jobs == 1:
            for first, lines in _batches(stream):
                yield from of_lines(name, first, lines)
        else:
            yield from _parallel(name, _batches(stream), jobs or min(8, os.cpu_count() or 1))


def _batches(stream: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    number = 1
    while lines := stream.readlines(BATCH_BYTES):
        yield number, lines
        number += len(lines)


def _parallel(name: str, batches: Iterable[tuple[int, list[bytes]]], jobs: int) -> Iterator[Row | None]:
    """Rows in order; at most two batches a thread are under way.

    Threads, for unpacking, checking and repairing geometries run beside each other, and nothing has to be copied.
    """
    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[list[Row | None]]] = deque()
        try:
            for first, lines in batches:
                waiting.append(pool.submit(of_lines, name, first, lines))
                if len(waiting) >= 2 * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
