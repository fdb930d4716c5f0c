# SPDX-License-Identifier: Apache-2.0
"""The step ``dashboard stats``: statistics of a release, from the store and back into it."""

from __future__ import annotations

import gzip
import io
import json
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cosmogony_steps.documents import CountStatus, Statistics
from cosmogony_steps.progress import Progress

from .counting import results, summary
from .errors import DashboardError, InputError
from .store import ObjectStream, Store
from .table import load
from .zones import Zone, read_lines

_RELEASE = re.compile(r"[a-z0-9][a-z0-9-]*")
LATEST = "cosmogony-data/concat/tests_results.json"


def run(release: str, outputs: Path, environ: Mapping[str, str]) -> dict[CountStatus, int]:
    if not _RELEASE.fullmatch(release):
        raise DashboardError(f"--release '{release}' is no release id; give it like 20261122t221000-3f9ab2c1")
    began = time.monotonic()
    store = Store(environ)
    key = f"releases/{release}/zones.jsonl.gz"
    with store.open(key) as stream:
        statistics = results(_zones(stream, key), load())
    content = encode(statistics)
    seconds = {"seconds": f"{time.monotonic() - began:.1f}"}
    store.write(f"releases/{release}/test_results.json", content, seconds)
    store.write(LATEST, content)
    counts = summary(statistics)
    _write_outputs(outputs, counts)
    return counts


def encode(statistics: Statistics) -> bytes:
    """Return the document as readers of test_results.json know it."""
    return json.dumps(statistics.to_json(), ensure_ascii=False).encode() + b"\n"


def _zones(stream: ObjectStream, key: str) -> Iterator[Zone]:
    progress = Progress(key, stream.size)
    try:
        with gzip.GzipFile(fileobj=io.BufferedReader(stream, 256 * 1024)) as lines:
            for zone in read_lines(lines, key):
                progress.set(stream.offset)
                yield zone
    except (OSError, EOFError, zlib.error) as cause:
        raise DashboardError(f"{key} is damaged ({cause}); run the merge step again") from cause
    except InputError as cause:
        raise DashboardError(f"{cause} Run the merge step again") from cause


def _write_outputs(folder: Path, counts: Mapping[CountStatus, int]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, count in counts.items():
            (folder / name).write_text(str(count))
    except OSError as cause:
        raise DashboardError(f"outputs cannot be written to {folder} ({cause}); name a writable folder") from cause
