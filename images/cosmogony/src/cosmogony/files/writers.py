# SPDX-License-Identifier: Apache-2.0
"""Write zones to a file in one of the four JSON formats; tables.py has the others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from ..progress import Progress, silent
from ..runtime.processes import map_in_order
from ..zones.zone import Zone
from .blocks import Block, deflate_block, raw_block, write_blocks
from .formats import Format
from .records import Records

CHUNK = 16  # zones that are written together; fixed, so that the bytes do not depend on the processes
_MIN_CHUNKS_PER_PROCESS = 32  # chunks


class ZoneWriter:
    """Writes the records of zones.

    Args:
        form: one of the JSON formats.
        processes: how many make the records.
        progress: receives the number of zones that are written.
    """

    def __init__(self, form: Format, processes: int, progress: Progress | None = None) -> None:
        self._form = form
        self._processes = processes
        self._report = progress or silent

    def write(self, path: Path, zones: Sequence[Zone], records: Records, meta: dict[str, Any]) -> None:
        """Write a file.

        Args:
            path: the file.
            zones: the zones, in the order of the file.
            records: makes the records of these zones.
            meta: what a JSON document says beside its zones.
        """
        chunks = [zones[at : at + CHUNK] for at in range(0, len(zones), CHUNK)]
        separator, start, end = (b"\n", b"", b"")
        if not self._form.has_lines:
            separator, start, end = b",", b'{"zones":[', b'],"meta":' + orjson.dumps(meta) + b"}"
        make_chunk = _ChunkMaker(records, separator, self._form)
        make_block = deflate_block if self._form.is_gzipped else raw_block
        with closing(self._make_blocks(make_chunk, chunks)) as made:
            blocks = _frame(made, make_block, start, end)
            write_blocks(path, self._report_each(blocks, len(zones)), gzipped=self._form.is_gzipped)

    def _report_each(self, blocks: Iterable[Block], zones: int) -> Iterator[Block]:
        done = 0
        for block in blocks:
            yield block
            done = min(done + CHUNK, zones)
            self._report("writing zones", done, zones)

    def _make_blocks(self, make_chunk: _ChunkMaker, chunks: Sequence[Sequence[Zone]]) -> Generator[Block, None, None]:
        processes = min(self._processes, len(chunks) // _MIN_CHUNKS_PER_PROCESS)
        return map_in_order(lambda number: make_chunk(number, chunks[number]), len(chunks), processes)


class _ChunkMaker:
    """Makes the block of a chunk; the same bytes wherever it runs."""

    def __init__(self, records: Records, separator: bytes, form: Format) -> None:
        self._records = records
        self._separator = separator
        self._form = form

    def __call__(self, number: int, chunk: Sequence[Zone]) -> Block:
        data = self._separator.join(self._records.line(zone) for zone in chunk)
        if self._form.has_lines:
            data += self._separator
        elif number:
            data = self._separator + data
        return deflate_block(data) if self._form.is_gzipped else raw_block(data)


def _frame(blocks: Iterable[Block], make_block: Callable[[bytes], Block], start: bytes, end: bytes) -> Iterator[Block]:
    if start:
        yield make_block(start)
    yield from blocks
    if end:
        yield make_block(end)
