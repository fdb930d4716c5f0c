# SPDX-License-Identifier: Apache-2.0
"""Write zones to a file in one of the four JSON formats; tables.py has the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from ..progress import Progress, ignore_progress
from ..runtime.processes import map_in_processes
from ..zones.zone import Zone
from .formats import Format
from .gzip_blocks import Block, deflate_block, make_raw_block, write_blocks
from .records import RecordMaker

CHUNK = 16  # zones in a block of the file; fixed, so that its bytes do not depend on the number of processes
_MIN_CHUNKS_PER_PROCESS = 32


def write_zones(
    path: Path,
    form: Format,
    zones: Sequence[Zone],
    records: RecordMaker,
    meta: dict[str, Any],
    *,
    processes: int = 1,
    progress: Progress = ignore_progress,
) -> None:
    """Write zones to a file as JSON records, one per line or as one document, gzipped or not.

    Args:
        path: the file.
        form: one of the JSON formats.
        zones: the zones, in the order of the file.
        records: makes the records of these zones.
        meta: `meta` of a JSON document; files with a record per line have none.
        processes: how many make the records.
        progress: receives the number of zones that are written.
    """
    make_block = deflate_block if form.is_gzipped else make_raw_block
    chunks = [zones[begin : begin + CHUNK] for begin in range(0, len(zones), CHUNK)]

    def make_chunk(number: int) -> Block:
        lines = [records.encode_zone(zone) for zone in chunks[number]]
        if form.has_lines:
            return make_block(b"".join(line + b"\n" for line in lines))
        return make_block((b"," if number else b"") + b",".join(lines))

    def frame_blocks() -> Iterator[Block]:
        if not form.has_lines:
            yield make_block(b'{"zones":[')
        for done, block in enumerate(blocks, start=1):
            yield block
            progress("writing zones", min(done * CHUNK, len(zones)), len(zones))
        if not form.has_lines:
            yield make_block(b'],"meta":' + orjson.dumps(meta) + b"}")

    processes = min(processes, len(chunks) // _MIN_CHUNKS_PER_PROCESS)
    with closing(map_in_processes(make_chunk, len(chunks), processes)) as blocks:
        write_blocks(path, frame_blocks(), gzipped=form.is_gzipped)
