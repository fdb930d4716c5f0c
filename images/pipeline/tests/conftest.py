# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cosmogony_steps.s3 import Store
from services import postgis
from services.connections import find_store
from services.objectstore import MinIO

from .bucket import BUCKET
from .source_server import SourceServer, serving


@pytest.fixture
def minio(minio: MinIO, monkeypatch: pytest.MonkeyPatch) -> MinIO:
    """An empty bucket, named by the environment."""
    minio.empty_bucket(BUCKET)
    for name, value in minio.environment(BUCKET).items():
        monkeypatch.setenv(name, value)
    return minio


@pytest.fixture
def own_minio(start_minio: Callable[[], MinIO]) -> MinIO:
    """A MinIO for this test only, with an empty bucket."""
    server = start_minio()
    server.empty_bucket(BUCKET)
    return server


@pytest.fixture
def store(minio: MinIO) -> Store:
    return find_store(minio.environment(BUCKET))


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
