# SPDX-License-Identifier: Apache-2.0
"""This stack over an extract: extractor, importer, PostgreSQL, and the API as in its image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import side
from checkout import IMAGES
from services import postgis
from serving import Stack
from support.server import run_server

REVERSE = "/v1/reverse?lat={lat}&lon={lon}"


@contextmanager
def start_product(extract: Path, country: str, processes: int, folder: Path) -> Iterator[side.Side]:
    """Make a release of an extract and serve it; the zones are left in `zones.jsonl.gz` of the folder."""
    server = postgis.start_server()
    try:
        stack = Stack(server, server.create_database(), folder, {})
        used, begun = side.measure_load(server), time.monotonic()
        zones = extract_zones(extract, country, folder)
        extracted = time.monotonic() - begun
        stack.importer("import_data", str(zones))
        stack.importer("publish")
        loaded, used = time.monotonic() - begun, side.measure_load(server) - used
        environment = {**server.environment(stack.database), "WEB_CONCURRENCY": str(processes)}
        with run_server(environment, folder) as api:
            side.wait_for_answer(api.url + REVERSE.format(lat=0, lon=0))
            answered = time.monotonic() - begun
            yield side.Side(
                name="this stack",
                url=api.url,
                roots=(api.process.pid, server.process.pid),
                load_seconds=loaded,
                load_processor=used,
                answer_seconds=answered,
                disk=side.measure_disk(server, stack.database),
                reverse=REVERSE,
                search="/v1/search?q={text}&limit=10",
                read_first=read_first,
                extractor_seconds=extracted,
            )
    finally:
        server.stop()


def extract_zones(extract: Path, country: str, folder: Path) -> Path:
    target = folder / "zones.jsonl.gz"
    command = [sys.executable, "-m", "cosmogony", "generate", "--input", str(extract), "--country-code", country]
    environment = {**os.environ, "PYTHONPATH": str(IMAGES / "cosmogony/src"), "RUST_LOG": "error"}
    subprocess.run([*command, "--output", str(target)], env=environment, check=True)
    return target


def read_first(body: bytes) -> dict[str, Any] | None:
    return next(iter(json.loads(body)["zones"]), None)
