# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent.parent / "src")]

from cosmogony.pipeline.store import Store  # noqa: E402
from minio_server import BUCKET, MinioServer, find_program  # noqa: E402
from source_server import SourceServer, serving  # noqa: E402


@pytest.fixture(scope="session")
def minio_program() -> str:
    program = find_program()
    if program is None:
        pytest.skip("no MinIO program: set MINIO_BIN, or build the programs of the local stack first")
    return program


@pytest.fixture(scope="session")
def running_minio(minio_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    server = MinioServer(minio_program, tmp_path_factory.mktemp("minio"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def minio(running_minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> MinioServer:
    """An empty bucket, named by the environment."""
    client = running_minio.client
    for found in list(client.list_objects(BUCKET, recursive=True)):
        client.remove_object(BUCKET, found.object_name)
    for name, value in running_minio.environment.items():
        monkeypatch.setenv(name, value)
    return running_minio


@pytest.fixture
def store(minio: MinioServer) -> Store:
    return Store.from_environment(minio.environment)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with serving() as running:
        yield running
