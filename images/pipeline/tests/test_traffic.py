# SPDX-License-Identifier: Apache-2.0
"""Each file crosses the network once in and once out per step: counted on the wire to a real MinIO."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from checkout import DATA
from cosmogony_pipeline.steps.extract import extract
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_pipeline.steps.merge import merge_parts
from cosmogony_steps.settings import Settings
from services.connections import find_store
from services.objectstore import MinIO

from .bucket import BUCKET, source_at
from .source_server import SourceServer
from .test_extract import inputs

SMALL_TALK = 40_000  # requests, headers, markers


class Wire:
    """A TCP proxy that counts what goes to the server (up) and comes from it (down)."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.up = self.down = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                threading.Thread(target=self._pump, args=(client, server, "up"), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, "down"), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with self._lock:
                    setattr(self, direction, getattr(self, direction) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def since(self) -> tuple[int, int]:
        """Bytes up and down since the last call."""
        with self._lock:
            counted, self.up, self.down = (self.up, self.down), 0, 0
        return counted

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def wire(minio: MinIO) -> Iterator[Wire]:
    proxy = Wire(minio.endpoint)
    yield proxy
    proxy.close()


def test_every_step_moves_its_files_once(minio: MinIO, server: SourceServer, wire: Wire, tmp_path: Path) -> None:
    store = find_store({**minio.environment(BUCKET), "S3_ENDPOINT": wire.endpoint})
    items = []
    for name, file, country in (("a.osm.pbf", "luxembourg_filtered", "LU"), ("b.osm.pbf", "gatineau", "CA")):
        server.put(f"/{name}", (DATA / f"{file}.osm.pbf").read_bytes())
        items.append(source_at(f"{server.url}/{name}", country_code=country))

    def step_moves(up: int, down: int) -> None:
        counted_up, counted_down = wire.since()
        assert up <= counted_up < up + SMALL_TALK
        assert down <= counted_down < down + SMALL_TALK

    sizes, parts = [], []
    for item in items:
        sizes.append(fetch(store, item, Settings()).size)
        assert server.body_bytes[f"/{item.name}"] == sizes[-1]
        step_moves(up=sizes[-1], down=0)
        fetch(store, item, Settings())
        step_moves(up=0, down=0)
    for item, size in zip(items, sizes, strict=True):
        extract(store, item, inputs(), threads=1, scratch=tmp_path)
        counted = wire.since()
        part = store.find_info(f"cosmogony-data/parts/{item.name}.jsonl.gz")
        assert part is not None
        parts.append(part.size)
        assert part.size <= counted[0] < part.size + SMALL_TALK
        assert size <= counted[1] < size + SMALL_TALK
        extract(store, item, inputs(), threads=1, scratch=tmp_path)
        step_moves(up=0, down=0)
    manifest = merge_parts(store, items, inputs(), datetime(2026, 11, 22, tzinfo=UTC), scratch=tmp_path)
    assert manifest.zones_file is not None
    step_moves(up=manifest.zones_file.size, down=sum(parts))
    assert store.find_info(f"releases/{manifest.id}/zones.jsonl.gz") is not None
