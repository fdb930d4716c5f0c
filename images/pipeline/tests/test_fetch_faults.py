# SPDX-License-Identifier: Apache-2.0
"""What a fetch leaves when storage or step die in the middle; the moment is hit by holding the source."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cosmogony_pipeline.release import markers
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_steps import object_keys
from cosmogony_steps.errors import TransientError
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from services.connections import find_store
from services.objectstore import MinIO

from .bucket import BUCKET, source_at, stored_source
from .source_server import Served, SourceServer

NAME = "aland-latest.osm.pbf"
CONTENT = random.Random(2).randbytes(1_300_000) * 28  # 36 MB: three parts
HOLD_AT = 20_000_000  # the first part is stored
QUICK = Backoff(attempts=4, first=0.01)


@pytest.fixture
def held(server: SourceServer) -> Served:
    return server.put(f"/{NAME}", CONTENT, hold_at=HOLD_AT)


@pytest.fixture
def item(server: SourceServer) -> SourceConfig:
    return source_at(f"{server.url}/{NAME}")


def uploads(minio: MinIO) -> int:
    return len(minio.client()._list_multipart_uploads(BUCKET, prefix=object_keys.get_source_key(NAME)).uploads)


def wait_until_a_part_is_stored(minio: MinIO, held: Served) -> None:
    """The source waits in its middle, and nothing is on its way to the storage."""
    assert held.held.wait(60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for upload in minio.client()._list_multipart_uploads(BUCKET, prefix=object_keys.get_source_key(NAME)).uploads:
            if minio.client()._list_parts(BUCKET, object_keys.get_source_key(NAME), upload.upload_id).parts:
                return
        time.sleep(0.02)
    raise TimeoutError("no part was stored")


def is_right(store: Store, item: SourceConfig) -> bool:
    marker = markers.read_source_marker(store, item)
    assert marker is not None
    assert markers.is_intact(marker, store.find_info(object_keys.get_source_key(NAME)))
    return bool(marker.sha256 == hashlib.sha256(CONTENT).hexdigest())


def start(minio: MinIO, item: SourceConfig, outputs: Path, **more: str) -> subprocess.Popen[bytes]:
    settings = outputs / "settings.json"
    settings.write_text(json.dumps({"sources": {"extracts": [{"url": item.url}]}}))
    arguments = ["fetch", "--source", item.name, "--settings", str(settings), "--outputs", str(outputs)]
    environment = {**os.environ, **minio.environment(BUCKET), "PYTHONPATH": os.pathsep.join(sys.path), **more}
    return subprocess.Popen(
        [sys.executable, "-m", "cosmogony_pipeline", *arguments], env=environment, stderr=subprocess.PIPE
    )


def test_storage_that_comes_back_is_waited_for(own_minio: MinIO, held: Served, item: SourceConfig) -> None:
    store = find_store(own_minio.environment(BUCKET))

    def kill_and_return() -> None:
        wait_until_a_part_is_stored(own_minio, held)
        own_minio.kill()
        held.go.set()
        own_minio.start()

    thread = threading.Thread(target=kill_and_return)
    thread.start()
    fetch(store, item, Settings(), QUICK)
    thread.join()
    assert is_right(store, item)
    assert uploads(own_minio) == 0


def test_storage_that_stays_away_may_come_back_for_the_next_run(
    own_minio: MinIO, held: Served, item: SourceConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = find_store(own_minio.environment(BUCKET))

    def kill() -> None:
        wait_until_a_part_is_stored(own_minio, held)
        own_minio.kill()
        held.go.set()

    thread = threading.Thread(target=kill)
    thread.start()
    with monkeypatch.context() as patched:
        patched.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
        with pytest.raises(TransientError, match=f"{own_minio.endpoint}.*is the server up"):
            fetch(store, item, Settings(), QUICK)
    thread.join()
    own_minio.start()
    assert stored_source(store, item) is None
    assert store.find_info(object_keys.get_source_key(NAME)) is None
    fetch(store, item, Settings(), QUICK)
    assert is_right(store, item)
    assert uploads(own_minio) == 0


def test_a_killed_step_never_looks_done(minio: MinIO, held: Served, item: SourceConfig, tmp_path: Path) -> None:
    step = start(minio, item, tmp_path)
    wait_until_a_part_is_stored(minio, held)
    step.kill()
    step.wait()
    held.go.set()
    store = find_store(minio.environment(BUCKET))
    assert stored_source(store, item) is None
    assert store.find_info(object_keys.get_source_key(NAME)) is None
    again = start(minio, item, tmp_path)
    again.communicate()
    assert again.returncode == 0
    assert is_right(store, item)
    assert uploads(minio) == 0
    assert (tmp_path / "disk").read_text().endswith("Mi")


def test_sigterm_cleans_up_and_is_transient(minio: MinIO, held: Served, item: SourceConfig, tmp_path: Path) -> None:
    step = start(minio, item, tmp_path)
    wait_until_a_part_is_stored(minio, held)
    step.send_signal(signal.SIGTERM)
    said = step.communicate()[1].decode()
    held.go.set()
    assert step.returncode == 75
    assert "stopped by SIGTERM" in said
    assert uploads(minio) == 0
    assert not (tmp_path / "disk").exists()


def test_silent_server_is_transient(minio: MinIO, held: Served, item: SourceConfig, tmp_path: Path) -> None:
    step = start(minio, item, tmp_path, STALL_SECONDS="5")
    said = step.communicate(timeout=60)[1].decode()
    held.go.set()
    assert step.returncode == 75
    assert f"fetch: no progress for 5 s, last seen at: {NAME}, {HOLD_AT} of {len(CONTENT)}; ended" in said
    assert "read-ahead" in said or "in _fill" in said, "the thread that waits for the source is among the stacks"
    again = start(minio, item, tmp_path)
    again.communicate()
    assert again.returncode == 0
    assert is_right(find_store(minio.environment(BUCKET)), item)
