# SPDX-License-Identifier: Apache-2.0
"""Write zones to a file: the four JSON forms as a stream, GeoParquet and FlatGeobuf as tables (tables.py)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from ..progress import Progress, silent
from ..runtime.processes import ordered as processes_ordered
from ..zones.zone import Zone
from .blocks import HEADER, Block, GzipJoin, deflated, plain
from .formats import Format
from .records import Records

CHUNK = 16  # zones that are written together; fixed, so that the bytes do not depend on the processes
_WORTH_A_PROCESS = 32  # chunks


class ZoneWriter:
    """Writes the records of zones in the order given."""

    def __init__(self, form: Format, processes: int, progress: Progress | None = None) -> None:
        self._form = form
        self._processes = processes
        self._report = progress or silent

    def write(self, path: Path, zones: Sequence[Zone], records: Records, meta: dict[str, Any]) -> None:
        chunks = [zones[at : at + CHUNK] for at in range(0, len(zones), CHUNK)]
        separator, start, end = (b"\n", b"", b"")
        if not self._form.lines:
            separator, start, end = b",", b'{"zones":[', b'],"meta":' + orjson.dumps(meta) + b"}"
        make = _Maker(records, separator, self._form)
        pack = deflated if self._form.gzipped else plain
        with path.open("wb") as file, closing(self._mapped(make, chunks)) as made:
            join = GzipJoin() if self._form.gzipped else None
            if join is not None:
                file.write(HEADER)
            done = 0
            for block in _framed(made, pack, start, end):
                file.write(block.data)
                if join is not None:
                    join.add(block)
                done = min(done + CHUNK, len(zones))
                self._report("writing zones", done, len(zones))
            if join is not None:
                file.write(join.trailer())

    def _mapped(self, make: _Maker, chunks: Sequence[Sequence[Zone]]) -> Generator[Block, None, None]:
        processes = min(self._processes, len(chunks) // _WORTH_A_PROCESS)
        return processes_ordered(lambda number: make(number, chunks[number]), len(chunks), processes)


class _Maker:
    """Makes the block of a chunk; the same bytes wherever it runs."""

    def __init__(self, records: Records, separator: bytes, form: Format) -> None:
        self._records = records
        self._separator = separator
        self._form = form

    def __call__(self, number: int, chunk: Sequence[Zone]) -> Block:
        data = self._separator.join(self._records.line(zone) for zone in chunk)
        if self._form.lines:
            data += self._separator
        elif number:
            data = self._separator + data
        return deflated(data) if self._form.gzipped else plain(data)


def _framed(blocks: Iterable[Block], pack: Callable[[bytes], Block], start: bytes, end: bytes) -> Iterator[Block]:
    if start:
        yield pack(start)
    yield from blocks
    if end:
        yield pack(end)
