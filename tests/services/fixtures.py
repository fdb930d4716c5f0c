# SPDX-License-Identifier: Apache-2.0
"""Fixtures of every test: a MinIO and a PostgreSQL with PostGIS on loopback ports, one of each per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import objectstore, postgis, skip_unless_available
from .certificates import make_certificate
from .objectstore import MinIO
from .pgbouncer import PgBouncer


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A folder with a self-signed certificate for localhost: public.crt, private.key."""
    folder = tmp_path_factory.mktemp("certs")
    make_certificate(folder, ["localhost"], ["127.0.0.1"])
    return folder


@pytest.fixture
def start_minio() -> Iterator[Callable[..., MinIO]]:
    """Starts MinIO servers that end with the test."""
    with ExitStack() as ending:

        def start(**options: object) -> MinIO:
            server = skip_unless_available(objectstore.start_server, **options)
            ending.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def minio() -> Iterator[MinIO]:
    """A MinIO without TLS."""
    server = skip_unless_available(objectstore.start_server)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgis.Server]:
    """A PostgreSQL with PostGIS."""
    server = skip_unless_available(postgis.start_server)
    yield server
    server.stop()


@pytest.fixture
def tls_postgres(certificate: Path) -> Iterator[postgis.Server]:
    """A PostgreSQL with PostGIS that speaks TLS with the certificate."""
    server = skip_unless_available(postgis.start_server, certs=certificate)
    yield server
    server.stop()


@pytest.fixture
def start_pgbouncer(postgres: postgis.Server) -> Iterator[Callable[..., PgBouncer]]:
    """Starts poolers in front of the PostgreSQL, which end with the test."""
    with ExitStack() as ending:

        def start(**options: object) -> PgBouncer:
            pooler = PgBouncer(postgres, **options)
            ending.callback(pooler.stop)
            return pooler

        yield start
