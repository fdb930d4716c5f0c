# SPDX-License-Identifier: Apache-2.0
"""Zones as rows of the table, made in several processes when there is much to do."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import IO, Any

from . import geometry, reader
from .errors import ImporterError, TemporaryError

COLUMNS = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "geometry", "country_code")
TYPES = ("int8", "int8", "varchar", "int4", "varchar", "varchar", "varchar", "bytea", "varchar")
BATCH_BYTES = 4 << 20
FEW = 5  # with fewer batches starting processes takes longer than it saves

Row = tuple[Any, ...]


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
    )


def of_lines(name: str, first: int, lines: list[bytes]) -> list[Row | None]:
    """The rows of some lines; the work of one process."""
    return of_zones([reader.of_line(line, name, number) for number, line in enumerate(lines, first)])


def of_stream(raw: IO[bytes], format_: str, name: str, jobs: int = 0) -> Iterator[Row | None]:
    """The rows of a file in its order, with a bounded part of it in memory."""
    with reader.damage(name):
        stream = reader.unpacked(raw, format_)
        if not format_.startswith(".jsonl"):
            for zone in reader.document(stream, name):
                yield from of_zones([zone])
            return
        batches = _batches(stream)
        start = list(islice(batches, FEW))
        if jobs == 1 or len(start) < FEW:
            for first, lines in chain(start, batches):
                yield from of_lines(name, first, lines)
            return
        yield from _parallel(name, chain(start, batches), jobs or min(8, os.cpu_count() or 1))


def _batches(stream: IO[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    number = 1
    while lines := stream.readlines(BATCH_BYTES):
        yield number, lines
        number += len(lines)


def _parallel(name: str, batches: Iterable[tuple[int, list[bytes]]], jobs: int) -> Iterator[Row | None]:
    """Rows in order; at most two batches a process are under way."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[list[Row | None]]] = deque()
        try:
            for first, lines in batches:
                waiting.append(pool.submit(of_lines, name, first, lines))
                if len(waiting) >= 2 * jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            raise TemporaryError(
                f"a process that reads {name} was killed, perhaps for its memory; "
                "give the step more memory, or run it with --jobs 1"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
