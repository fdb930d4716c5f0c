# SPDX-License-Identifier: Apache-2.0
"""Changes of the database between versions: catalog, functions, and the kept releases."""

from __future__ import annotations

import threading

import psycopg
import pytest
from cosmogony_importer.database import statements
from cosmogony_importer.releases import migrations
from importer_support.helpers import Importer, Zones, tile

COMMENT = "-- a later version\n"
NEW_COLUMN = """
-- SPDX-License-Identifier: Apache-2.0
ALTER TABLE zones ADD COLUMN extent double precision;
UPDATE zones SET extent = ST_Area(geometry);
"""


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, str]]]:
    """More SQL files than there are."""
    added: dict[str, list[tuple[str, str]]] = {}
    real = statements.read_files
    monkeypatch.setattr(statements, "read_files", lambda folder: sorted([*real(folder), *added.get(folder, [])]))
    return added


def test_init_on_an_empty_database(importer: Importer, db: psycopg.Connection) -> None:
    assert "applying catalog/001_catalog.sql" in importer.run("init")
    assert "live release: none" in importer.err
    assert "applying" not in importer.run("init")
    assert db.execute("SELECT count(*) FROM cosmogony_release").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM cosmogony_releases").fetchone() == (0,)
    assert tile(db, 0, 0, 0) is None
    assert db.execute("SELECT to_regclass('public.zones')").fetchone() == (None,)


def test_postgis_with_an_old_geos_is_refused(
    importer: Importer, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "OLDEST_GEOS", (99, 1))
    said = importer.run("init", code=1)
    assert "PostGIS of the server is made with GEOS 3." in said
    assert "99.1 or newer is needed" in said
    assert db.execute("SELECT to_regnamespace('cosmogony_catalog')").fetchone() == (None,)


def test_parallel_init_is_safe(importer: Importer, db: psycopg.Connection) -> None:
    errors: list[Exception] = []

    def migrate() -> None:
        try:
            with importer.connect() as own:
                migrations.migrate_database(own)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    applied = db.execute("SELECT name FROM cosmogony_catalog.migrations WHERE name LIKE 'catalog/%'").fetchall()
    assert sorted(name for (name,) in applied) == [f"catalog/{name}" for name, _ in statements.read_files("catalog")]


def test_upgrades_catalog_without_warmed_zoom(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    """A database of the first version: what is live stays so, and tiles of an area can be stored."""
    release = importer.load(zones.grid(mark=" a"))
    importer.run("publish")
    first = dict(statements.read_files("catalog"))["001_catalog.sql"]
    view = first[first.index("CREATE VIEW public.cosmogony_releases") :].split(";")[0]
    db.execute("ALTER TABLE cosmogony_catalog.releases DROP COLUMN warmed_zoom CASCADE")
    db.execute(view)
    db.execute(
        "DELETE FROM cosmogony_catalog.migrations WHERE name IN ('catalog/003_warmed_zoom.sql', 'functions/tiles.sql')"
    )
    assert "applying catalog/003_warmed_zoom.sql" in importer.run("init")
    assert importer.live() == release
    importer.run("tiles", "--min-zoom", 9, "--max-zoom", 9, "--bbox", "0,0,4,4")
    assert int(importer.output("made")) > 0


def test_upgrades_kept_releases(
    importer: Importer, zones: Zones, db: psycopg.Connection, newer: dict[str, list[tuple[str, str]]]
) -> None:
    first = importer.load(zones.grid("a.jsonl.gz", mark=" a"))
    importer.run("publish")
    second = importer.load(zones.grid("b.jsonl.gz", mark=" b"))
    newer["release_changes"] = [("099_extent.sql", NEW_COLUMN)]
    said = importer.run("init")
    for release in (first, second):
        assert f"applying 099_extent.sql to release {release}" in said
        table = f"release_{release.replace('-', '_')}.zones"
        assert db.execute(f"SELECT count(*) FILTER (WHERE extent > 0) FROM {table}").fetchone() == (17,)
    assert db.execute("SELECT DISTINCT format FROM cosmogony_catalog.releases").fetchall() == [(99,)]
    assert "applying" not in importer.run("init")
    importer.run("publish")
    importer.run("rollback")
    assert importer.live() == first


def test_ignores_release_without_schema(
    importer: Importer, zones: Zones, db: psycopg.Connection, newer: dict[str, list[tuple[str, str]]]
) -> None:
    lost = importer.load(zones.grid("a.jsonl.gz"))
    importer.run("publish")
    importer.load(zones.grid("b.jsonl.gz"))
    importer.run("publish")
    db.execute(f"DROP SCHEMA release_{lost.replace('-', '_')} CASCADE")
    newer["release_changes"] = [("099_extent.sql", "CREATE TABLE area (id bigint);")]
    assert lost not in importer.run("init")
    assert db.execute("SELECT to_regclass('public.area')").fetchone() == (None,)
    assert "applying" not in importer.run("init")


def test_failed_upgrade_changes_nothing(
    importer: Importer, zones: Zones, db: psycopg.Connection, newer: dict[str, list[tuple[str, str]]]
) -> None:
    importer.load(zones.grid())
    newer["catalog"] = [("099_more.sql", "CREATE TABLE cosmogony_catalog.more (id int);")]
    newer["release_changes"] = [("099_extent.sql", NEW_COLUMN + "SELECT 1/0;")]
    assert "division by zero" in importer.run("init", code=1)
    assert db.execute("SELECT to_regclass('cosmogony_catalog.more')").fetchone() == (None,)
    newer["release_changes"] = [("099_extent.sql", NEW_COLUMN)]
    importer.run("init")
    assert db.execute("SELECT to_regclass('cosmogony_catalog.more')").fetchone() == ("cosmogony_catalog.more",)


def test_functions_are_replaced_when_their_files_change(
    importer: Importer, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.run("init")
    before = db.execute("SELECT digest FROM cosmogony_catalog.migrations WHERE name = 'functions/tiles.sql'").fetchone()
    real = statements.read_files
    monkeypatch.setattr(
        statements,
        "read_files",
        lambda folder: [(name, COMMENT + text if folder == "functions" else text) for name, text in real(folder)],
    )
    importer.run("init")
    assert (
        db.execute("SELECT digest FROM cosmogony_catalog.migrations WHERE name = 'functions/tiles.sql'").fetchone()
        != before
    )


def test_older_importer_refuses_newer_database(importer: Importer, db: psycopg.Connection) -> None:
    importer.run("init")
    db.execute("INSERT INTO cosmogony_catalog.migrations (name, digest) VALUES ('catalog/099_future.sql', '')")
    assert "changed by a newer importer (catalog/099_future.sql)" in importer.run("list", code=1)
