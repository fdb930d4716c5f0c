# SPDX-License-Identifier: Apache-2.0
"""Clean drops what is too old, never the live release, and nothing that somebody else needs."""

from __future__ import annotations

import psycopg
import pytest
from cosmogony_importer.database import sessions
from importer_support.helpers import Importer, Zones


def load(importer: Importer, zones: Zones, mark: str) -> str:
    return importer.load(zones.grid(f"{mark}.jsonl.gz", size=2, mark=mark))


@pytest.fixture
def four(importer: Importer, zones: Zones) -> list[str]:
    releases = []
    for mark in "abcd":
        releases.append(load(importer, zones, mark))
        importer.run("publish", "--set=releases.keep=9")
    return releases


def kept(importer: Importer) -> list[str]:
    return [release["id"] for release in reversed(importer.list())]


def test_clean_keeps_the_newest_releases(importer: Importer, four: list[str], db: psycopg.Connection) -> None:
    importer.run("clean", "--keep", 3)
    assert importer.output("dropped") == four[0]
    assert kept(importer) == four[1:]
    schemas = db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'release%' ORDER BY nspname").fetchall()
    assert [row[0] for row in schemas] == sorted("release_" + one.replace("-", "_") for one in four[1:])
    importer.run("clean", "--keep", 3)
    assert importer.output("dropped") == ""


def test_clean_keeps_an_old_live_release(importer: Importer, four: list[str]) -> None:
    importer.run("rollback", "--to", four[0])
    importer.run("clean", "--keep", 2)
    assert kept(importer) == [four[0], four[3]]
    importer.run("clean", "--keep", 1)
    assert kept(importer) == [four[0]]


def test_clean_does_not_count_releases_that_were_never_live(importer: Importer, zones: Zones, four: list[str]) -> None:
    importer.run("rollback", "--to", four[2])
    waiting = [load(importer, zones, mark) for mark in "ef"]
    importer.run("clean", "--keep", 3)
    assert kept(importer) == [*four[1:], waiting[1]]  # the newest may still be published
    importer.run("publish", "--set=releases.keep=9")
    importer.run("clean", "--keep", 2)
    assert kept(importer) == [four[3], waiting[1]]


def test_publish_without_id_drops_old_releases(importer: Importer, zones: Zones) -> None:
    releases = []
    for mark in "abcde":
        releases.append(load(importer, zones, mark))
        if mark != "d":
            importer.run("publish")
    assert kept(importer) == [releases[1], releases[2], releases[4]]


def test_clean_refuses_to_keep_none(importer: Importer, four: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        importer.run("clean", "--keep", 0)
    assert "releases.keep: expected int >= 1" in importer.run("clean", "--set=releases.keep=0", code=2)
    assert kept(importer) == four


def test_clean_leaves_a_release_that_is_being_read(
    importer: Importer, four: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosmogony_importer.housekeeping.cleanup.PATIENCE", 1.0)
    with importer.connect(autocommit=False) as long:
        long.execute(f"SELECT count(*) FROM release_{four[0].replace('-', '_')}.zones")
        assert f"release {four[0]} is being read; the next clean drops it" in importer.run("clean", "--keep", 3)
        assert kept(importer) == four
    importer.run("clean", "--keep", 3)
    assert kept(importer) == four[1:]


def test_clean_keeps_a_release_with_dependent_objects(
    importer: Importer, four: list[str], db: psycopg.Connection
) -> None:
    db.execute(f"CREATE VIEW public.mine AS SELECT id FROM release_{four[0].replace('-', '_')}.zones")
    said = importer.run("clean", "--keep", 1)
    assert f"release {four[0]} is kept because other objects depend on it: view mine depends on" in said
    assert kept(importer) == [four[0], four[3]]
    assert db.execute("SELECT count(*) FROM mine").fetchone() == (5,)


def test_clean_does_not_touch_a_running_load(importer: Importer, four: list[str], db: psycopg.Connection) -> None:
    db.execute(
        "INSERT INTO cosmogony_catalog.releases (id, schema_name, state, format) VALUES ('x', 'release_x', "
        "'loading', 1); CREATE SCHEMA IF NOT EXISTS import; CREATE TABLE import.zones (id bigint)"
    )
    with sessions.hold_advisory_lock(db, sessions.LOAD):
        assert "the staging schema is not cleaned: another importer is busy with load" in importer.run(
            "clean", "--keep", 4
        )
        assert kept(importer) == [*four, "x"]
    importer.run("clean", "--keep", 4)
    assert kept(importer) == four
    assert importer.output("dropped") == "import x"
    assert db.execute("SELECT to_regclass('import.zones')").fetchone() == (None,)
