# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from throwaway.services import find_store

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))

from bucket import BUCKET, make_empty  # noqa: E402
from cosmogony_steps.s3 import Store  # noqa: E402
from source_server import SourceServer, serving  # noqa: E402
from throwaway import objectstore, or_skip, postgis  # noqa: E402
from throwaway.objectstore import MinIO  # noqa: E402


@pytest.fixture(scope="session")
def running_minio() -> Iterator[MinIO]:
    server = or_skip(objectstore.server)
    yield server
    server.stop()


@pytest.fixture
def minio(running_minio: MinIO, monkeypatch: pytest.MonkeyPatch) -> MinIO:
    """An empty bucket, named by the environment."""
    make_empty(running_minio)
    for name, value in running_minio.environment(BUCKET).items():
        monkeypatch.setenv(name, value)
    return running_minio


@pytest.fixture
def own_minio() -> Iterator[MinIO]:
    """A MinIO of this test's own, with an empty bucket."""
    server = or_skip(objectstore.server)
    make_empty(server)
    yield server
    server.stop()


@pytest.fixture
def store(minio: MinIO) -> Store:
    return find_store(minio.environment(BUCKET))


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgis.Server]:
    server = or_skip(postgis.server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def database(postgres: postgis.Server) -> Iterator[str]:
    """A database in which nothing was ever imported."""
    name = postgres.create_database("cosmogony")
    yield name
    postgres.drop_database(name)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with serving() as running:
        yield running
