# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "src")]

from minio_server import MinioServer, find_program  # noqa: E402


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    program = find_program()
    if program is None:
        pytest.skip("no MinIO program: set MINIO_BIN, or build the programs of the local stack first")
    server = MinioServer(program, tmp_path_factory.mktemp("minio"))
    server.start()
    yield server
    server.kill()
