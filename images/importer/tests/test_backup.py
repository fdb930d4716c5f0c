# SPDX-License-Identifier: Apache-2.0
"""Backup and restore: another database and another bucket get the same releases, zones, tiles and ids."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from cosmogony_importer.releases.catalog import get_schema_name
from importer_support.helpers import Bucket, Importer, Zones, grid
from psycopg import sql

FIRST, SECOND = "20261122t221000-3f9ab2c1", "20261123t221000-5a0be4d7"
TABLES = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' ORDER BY c.relname"
)
CONTENT = "SELECT md5(string_agg(row::text, '|' ORDER BY row::text)), count(*) FROM {} AS row"
# The time of publishing is that of each database.
MANIFEST = "SELECT document - 'published' FROM {}"
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = %s ORDER BY 1"
COLUMNS = (
    "SELECT table_name, column_name, udt_name, is_nullable FROM information_schema.columns WHERE table_schema = %s "
    "ORDER BY table_name, ordinal_position"
)
FUNCTIONS = (
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace(%s) ORDER BY proname, oid::text"
)
CATALOG = "SELECT id, state, zones, skipped, stored_zoom, bounds, inputs_digest, format FROM cosmogony_catalog.releases"


def release(importer: Importer, bucket: Bucket, release_id: str, mark: str) -> None:
    """A published release with tiles."""
    bucket.release(grid(4, mark=f" {mark}"), release_id)
    for command in ("load", "tiles", "gate", "publish"):
        extra = ["--set=tiles.max_stored_zoom=5"] if command == "tiles" else []
        importer.run(command, "--release", release_id, *extra)


def describe(importer: Importer) -> dict[str, Any]:
    """All that a database says about its releases."""
    said: dict[str, Any] = {}
    with importer.connect() as connection:
        said["catalog"] = sorted(connection.execute(CATALOG).fetchall())
        for release_id in (FIRST, SECOND):
            schema = get_schema_name(release_id)
            tables = [row[0] for row in connection.execute(TABLES, (schema,))]
            assert {"zones", "tiles", "manifest", "zones_z0"} <= set(tables)
            said[release_id] = {
                "content": [
                    (table, connection.execute(query.format(sql.Identifier(schema, table))).fetchone())
                    for table in tables
                    for query in [sql.SQL(MANIFEST if table == "manifest" else CONTENT)]
                ],
                "indexes": connection.execute(INDEXES, (schema,)).fetchall(),
                "functions": sorted(connection.execute(FUNCTIONS, (schema,)).fetchall()),
                "columns": connection.execute(COLUMNS, (schema,)).fetchall(),
            }
        said["live"] = connection.execute("SELECT id, name, ST_AsBinary(geometry) FROM zones ORDER BY id").fetchall()
        said["tile"] = connection.execute("SELECT cosmogony(5, 16, 15, '{}')").fetchone()
    return said


@pytest.fixture
def other(
    bucket: Bucket,
) -> Iterator[Bucket]:
    """Another bucket."""
    name = f"cosmogony-{secrets.token_hex(4)}"
    bucket.client.make_bucket(name)
    yield Bucket(bucket.client, name)
    for one in bucket.client.list_objects(name, recursive=True):
        bucket.client.remove_object(name, one.object_name)
    bucket.client.remove_bucket(name)


@pytest.fixture
def move(importer: Importer, other: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Lets the importer work with another bucket and an empty database."""
    made: list[str] = []
    before = importer.database

    def to_empty_database() -> None:
        made.append(importer.server.create_database())
        importer.database = made[-1]
        for name, value in importer.server.environment(made[-1]).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("S3_BUCKET", other.name)

    yield to_empty_database
    importer.database = before
    for database in made:
        importer.server.drop_database(database)


def test_another_database_gets_the_same(importer: Importer, bucket: Bucket, other: Bucket, move) -> None:
    release(importer, bucket, FIRST, "a")
    release(importer, bucket, SECOND, "b")
    importer.run("backup")
    before, backup = describe(importer), importer.output("backup")
    assert f"backups/backups/{backup}.json" in bucket.keys("backups/")
    assert bucket.get(f"backups/backups/{backup}.json")["live"] == SECOND
    assert "secret" not in str(bucket.get(f"backups/backups/{backup}.json")["settings"]).replace("existing_secret", "")

    move()
    where = f"--set=backup_storage.bucket={bucket.name}"
    importer.run("restore", where)
    assert (importer.output("restored").split(), importer.output("release")) == ([SECOND, FIRST], SECOND)
    assert describe(importer) == before
    assert other.keys() == bucket.keys("releases/")
    assert importer.live() == SECOND

    importer.run("restore", where)
    assert (importer.output("restored"), importer.output("release")) == ("", SECOND)
    importer.run("rollback")
    assert importer.output("release") == FIRST
    importer.run("restore", where)
    assert importer.output("release") == FIRST, "what is live stays"
    importer.run("restore", where, "--publish=true")
    assert importer.output("release") == SECOND


def test_a_damaged_backup_restores_nothing(importer: Importer, bucket: Bucket, move) -> None:
    release(importer, bucket, FIRST, "a")
    importer.run("backup")
    (key,) = [key for key in bucket.keys("backups/") if key.endswith("zones.copy.gz")]
    response = bucket.client.get_object(bucket.name, key)
    half = response.read()[:-20]
    response.release_conn()
    bucket.put(key, half)
    move()
    assert "is damaged" in importer.run("restore", f"--set=backup_storage.bucket={bucket.name}", code=1)
    assert importer.list() == []
    with importer.connect() as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", (get_schema_name(FIRST),)).fetchone() == (None,)


def test_old_backups_are_removed_with_what_only_they_have(importer: Importer, bucket: Bucket, monkeypatch) -> None:
    release(importer, bucket, FIRST, "a")
    bucket.put("backups/backups/20200101t000000z.json", b'{"format": 1, "releases": ["gone"]}')
    bucket.put("backups/releases/gone/release.json", b"{}")
    importer.run("backup", "--set=backup_storage.keep=1")
    assert importer.output("removed") == "20200101t000000z"
    assert {key.split("/")[2] for key in bucket.keys("backups/releases/")} == {FIRST}


def test_without_a_backup_or_a_release_it_says_so(importer: Importer, bucket: Bucket) -> None:
    assert "nothing to back up" in importer.run("backup", code=1)
    assert "has no backup below backups/" in importer.run("restore", code=1)
    assert "backups: none" in importer.run("restore", "--backup=20200101t000000z", code=1)
    assert "is not the id of a backup" in importer.run("restore", "--backup=../x", code=2)


def test_a_backup_of_a_newer_version_is_refused(importer: Importer, bucket: Bucket) -> None:
    bucket.put("backups/backups/20200101t000000z.json", b'{"format": 2, "releases": []}')
    assert "use a newer one" in importer.run("restore", code=1)


def test_read_only(importer: Importer, bucket: Bucket, zones: Zones, db: psycopg.Connection) -> None:
    release(importer, bucket, FIRST, "a")
    before = describe_one(db)
    importer.run("backup")
    assert describe_one(db) == before


def describe_one(connection: psycopg.Connection) -> Any:
    return connection.execute("SELECT * FROM cosmogony_catalog.releases").fetchall()
