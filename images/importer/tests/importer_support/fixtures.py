# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a database and a bucket for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cosmogony_importer.tiles import trex, trex_switch
from services import objectstore, postgis

from .helpers import Bucket, Importer, Zones


@pytest.fixture
def importer(
    postgres: postgis.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Importer]:
    """The command line over a new database."""
    database = postgres.create_database()
    for name in ("S3_ENDPOINT", "PGPORT", "ARGO_PROGRESS_FILE", "TREX_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in postgres.environment(database).items():
        monkeypatch.setenv(name, value)
    yield Importer(postgres, database, tmp_path, capsys)
    postgres.drop_database(database)


@pytest.fixture
def db(importer: Importer) -> Iterator[psycopg.Connection]:
    with importer.connect() as connection:
        yield connection


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return Zones(tmp_path)


@pytest.fixture
def bucket(minio: objectstore.MinIO, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    name = f"cosmogony-{secrets.token_hex(4)}"
    client = minio.client()
    client.make_bucket(name)
    for key, value in minio.environment(name).items():
        monkeypatch.setenv(key, value)
    yield Bucket(client, name)
    for one in client.list_objects(name, recursive=True):
        client.remove_object(name, one.object_name)
    client.remove_bucket(name)


@pytest.fixture
def cache(importer: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trex.TrexCache:
    folder = tmp_path / "mvtcache"
    folder.mkdir()
    monkeypatch.setenv("TREX_CACHE", str(folder))
    monkeypatch.setattr(trex_switch, "DRAIN", 0.2)
    return trex.TrexCache(folder)
