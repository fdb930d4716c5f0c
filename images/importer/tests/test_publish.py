# SPDX-License-Identifier: Apache-2.0
"""Publish and rollback: readers see the old or the new release, rights stay, an original database is taken over."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from cosmogony_importer.releases import switch, views
from importer_support.helpers import Importer, Zones, features, square, tile, tile_of, zone

ROLE = "reader_of_zones"


def marked(importer: Importer, zones: Zones, mark: str, **options) -> str:
    """A release whose names all carry a mark."""
    release = importer.load(zones.grid(f"{mark}.jsonl.gz", mark=f" {mark}", **options))
    importer.run("gate", "--release", release)
    return release


def marks(connection: psycopg.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT DISTINCT right(name, 1) FROM public.zones")}


def test_publish_and_rollback(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    first, second = marked(importer, zones, "a"), marked(importer, zones, "b")
    importer.run("publish", "--release", first)
    assert importer.output("release") == first
    assert marks(db) == {"a"}
    importer.run("publish", "--release", second)
    assert marks(db) == {"b"}
    (shown,) = db.execute(
        "SELECT id, schema_name, manifest ->> 'state', zones, bounds FROM cosmogony_release"
    ).fetchall()
    assert shown[:4] == (second, "release_" + second.replace("-", "_"), "published", 17)
    assert shown[4] == pytest.approx([0, 0, 4, 4], abs=0.1)
    start = time.monotonic()
    importer.run("rollback")
    assert time.monotonic() - start < 5
    assert importer.output("release") == first
    assert marks(db) == {"a"}
    assert "no release older than the live" in importer.run("rollback", code=1)
    importer.run("rollback", "--to", second, "--reason", "it was fine")
    assert marks(db) == {"b"}
    assert db.execute(
        "SELECT action, release_id, previous_id, reason FROM cosmogony_catalog.publications ORDER BY number"
    ).fetchall() == [
        ("publish", first, None, None),
        ("publish", second, first, None),
        ("rollback", first, second, None),
        ("rollback", second, first, "it was fine"),
    ]
    states = {release["id"]: release["state"] for release in importer.list()}
    assert states == {first: "retired", second: "published"}


def test_publish_again_changes_nothing(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = marked(importer, zones, "a")
    importer.run("publish", "--release", release)
    before = db.execute("SELECT published_at FROM cosmogony_release").fetchone()
    importer.run("publish", "--release", release)
    assert db.execute("SELECT published_at FROM cosmogony_release").fetchone() == before
    assert db.execute("SELECT count(*) FROM cosmogony_catalog.publications").fetchone() == (1,)


def test_original_publish_twice_is_an_error(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    assert "no loaded release is left to publish" in importer.run("publish", code=1)
    importer.load(zones.grid())
    importer.run("publish")
    assert "no loaded release is left to publish" in importer.run("publish", code=1)
    assert db.execute("SELECT count(*) FROM zones").fetchone() == (17,)


def test_publish_requires_the_gate(importer: Importer, zones: Zones) -> None:
    release = importer.load(zones.grid())
    assert f"run gate --release {release}" in importer.run("publish", "--release", release, code=1)
    importer.run("publish", "--release", release, "--override", "no gate today")
    assert importer.live() == release


class Reader(threading.Thread):
    """Reads without pause and notes what it should never see."""

    def __init__(self, importer: Importer) -> None:
        super().__init__(daemon=True)
        self.importer, self.stopping = importer, threading.Event()
        self.reads, self.mixed, self.errors, self.seen = 0, [], [], set()
        self.slowest = 0.0

    def run(self) -> None:
        with self.importer.connect() as connection:
            while not self.stopping.is_set():
                start = time.monotonic()
                try:
                    rows = connection.execute(
                        "SELECT (SELECT string_agg(DISTINCT right(name, 1), '') FROM public.zones), (SELECT count(*) "
                        "FROM public.zones), (SELECT schema_name FROM public.cosmogony_release)"
                    ).fetchall()
                except psycopg.Error as error:
                    self.errors.append(str(error))
                    return
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.reads += 1
                self.seen.add(rows[0][2])
                if len(rows) != 1 or len(rows[0][0]) != 1 or rows[0][1] != 17:
                    self.mixed.append(rows)

    def end(self) -> None:
        self.stopping.set()
        self.join(20)
        assert not self.is_alive()


@contextmanager
def reading(importer: Importer, count: int) -> Iterator[list[Reader]]:
    readers = [Reader(importer) for _ in range(count)]
    for reader in readers:
        reader.start()
    yield readers
    for reader in readers:
        reader.end()


def test_readers_see_a_single_release(importer: Importer, zones: Zones) -> None:
    releases = [marked(importer, zones, mark) for mark in "abc"]
    importer.run("publish", "--release", releases[0])
    with reading(importer, 3) as readers:
        for _ in range(4):
            for release in (*releases[1:], releases[0]):
                importer.run("publish", "--release", release)
        importer.run("rollback", "--to", releases[1])
    for reader in readers:
        assert reader.errors == []
        assert reader.mixed == []
        assert reader.reads > 20
    assert set.union(*(reader.seen for reader in readers)) == {"release_" + one.replace("-", "_") for one in releases}


def test_a_long_reader_does_not_block_the_site(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    """While somebody keeps the view in a transaction, publish waits and other readers are served."""
    first, second = marked(importer, zones, "a"), marked(importer, zones, "b")
    importer.run("publish", "--release", first)
    with importer.connect(autocommit=False) as long:
        long.execute("SELECT count(*) FROM public.zones").fetchone()
        with reading(importer, 2) as readers:
            said = importer.run("publish", "--release", second, "--patience", 2, code=75)
            assert "reads public.zones; end it or run the command again" in said
            assert "waiting for a long reader" in said
        assert marks(db) == {"a"}
        assert all(reader.errors == [] and reader.mixed == [] and reader.reads > 20 for reader in readers)
        assert max(reader.slowest for reader in readers) < 1.5
    importer.run("publish", "--release", second)
    assert marks(db) == {"b"}


def test_parallel_publishes_succeed(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    releases = [marked(importer, zones, mark) for mark in "ab"]
    importer.run("publish", "--release", releases[0])
    found = []

    def turn(number: int) -> None:
        with importer.connect() as own:
            for n in range(6):
                target = switch.catalog.get_release(own, releases[(n + number) % 2])
                found.append(switch.switch_live_release(own, target, "publish"))

    threads = [threading.Thread(target=turn, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 12
    live = importer.live()
    assert marks(db) == {"ab"[releases.index(live)]}
    assert sum(release["state"] == "published" for release in importer.list()) == 1


def test_a_failing_switch_changes_nothing(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    """The columns of public.zones cannot be taken away from a view: the switch fails, the old release stays."""
    first, second = marked(importer, zones, "a"), marked(importer, zones, "b")
    importer.run("publish", "--release", first)
    db.execute(f"ALTER TABLE release_{second.replace('-', '_')}.zones RENAME COLUMN wikidata TO wiki")
    assert " ERROR publish: PostgreSQL: column " in importer.run("publish", "--release", second, code=1)
    assert importer.live() == first
    assert marks(db) == {"a"}
    assert db.execute("SELECT id FROM cosmogony_release").fetchone() == (first,)


@pytest.fixture
def role(db: psycopg.Connection) -> Iterator[str]:
    db.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'pw'")
    yield ROLE
    db.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_privileges_survive_publish(importer: Importer, zones: Zones, db: psycopg.Connection, role: str) -> None:
    first = marked(importer, zones, "a")
    importer.run("publish", "--release", first)
    db.execute(f"GRANT SELECT ON public.zones TO {role}")
    second = marked(importer, zones, "b")
    importer.run("publish", "--release", second)
    importer.run("rollback")
    importer.run("rollback", "--to", second)
    db.execute(f"SET ROLE {role}")
    assert marks(db) == {"b"}
    assert db.execute(f"SELECT count(*) FROM release_{second.replace('-', '_')}.zones").fetchone() == (17,)
    db.execute("RESET ROLE")


ORIGINAL = """
CREATE TABLE public.zones (
    id bigint NOT NULL PRIMARY KEY, parent bigint, name varchar, admin_level int, zone_type varchar, osm_id varchar,
    wikidata varchar, geometry geometry);
CREATE INDEX zones_geometry_idx ON public.zones USING gist (geometry);
CREATE INDEX zones_parent_idx ON public.zones (parent);
"""


@pytest.fixture
def original(importer: Importer, db: psycopg.Connection, role: str) -> str:
    """A database as the original importer leaves it, with a reader."""
    db.execute(ORIGINAL)
    for one in [
        zone(1, "Old land", "country", 2, square(0, 0, 4, 4)),
        zone(2, "Old city", "city", 8, square(1, 1, 2, 2), parent=1),
    ]:
        ring = one["geometry"]["coordinates"][0][0]
        wkt = f"POLYGON(({', '.join(f'{x} {y}' for x, y in ring)}))"
        db.execute(
            "INSERT INTO zones VALUES (%s, %s, %s, %s, %s, %s, %s, "
            "ST_MakeValid(ST_Transform(ST_GeomFromText(%s, 4326), 3857)))",
            (
                one["id"],
                one["parent"],
                one["name"],
                one["admin_level"],
                one["zone_type"],
                one["osm_id"],
                one["wikidata"],
                wkt,
            ),
        )
    db.execute(
        f"GRANT SELECT ON public.zones TO {role} WITH GRANT OPTION; GRANT UPDATE (name) ON public.zones "
        f"TO {role}; GRANT SELECT (id) ON public.zones TO PUBLIC"
    )
    return role


def test_original_database_is_adopted(importer: Importer, zones: Zones, db: psycopg.Connection, original: str) -> None:
    x, y = tile_of(1.5, 1.5, 9)
    importer.run("init")
    assert {f["properties"]["name"] for f in features(tile(db, 9, x, y)).values()} == {"Old land", "Old city"}
    release = importer.load(zones.grid(mark=" a"))
    said = importer.run("publish")
    assert "table public.zones of the original importer kept as release legacy" in said
    kept = {one["id"]: one for one in importer.list()}
    assert set(kept) == {release, "legacy"}
    assert kept["legacy"]["zones"] == 2
    assert kept["legacy"]["state"] == "retired"
    assert marks(db) == {"a"}
    privileges = db.execute(
        "SELECT privilege_type, is_grantable FROM information_schema.role_table_grants WHERE "
        "table_schema = 'public' AND table_name = 'zones' AND grantee = %s",
        (original,),
    ).fetchall()
    assert privileges == [("SELECT", "YES")]
    assert db.execute(
        "SELECT has_column_privilege(%s, 'public.zones', 'name', 'UPDATE'), "
        "has_column_privilege(%s, 'public.zones', 'osm_id', 'UPDATE')",
        (original, original),
    ).fetchone() == (True, False)
    importer.run("rollback")
    assert importer.live() == "legacy"
    assert db.execute("SELECT count(*) FROM zones WHERE name LIKE 'Old%'").fetchone() == (2,)
    assert db.execute("SELECT manifest -> 'counts' -> 'by_type' FROM cosmogony_release").fetchone() == (
        {"city": 1, "country": 1},
    )
    db.execute(f"SET ROLE {original}")
    assert db.execute("SELECT count(*) FROM zones").fetchone() == (2,)
    db.execute("RESET ROLE")
    assert {f["properties"]["name"] for f in features(tile(db, 9, x, y, "legacy")).values()} == {"Old land", "Old city"}
    importer.run("rollback", "--to", release)
    importer.run("clean", "--keep", 1)
    assert [one["id"] for one in importer.list()] == [release]


def test_adoption_waits_for_a_reader_of_the_table(importer: Importer, zones: Zones, original: str) -> None:
    release = importer.load(zones.grid(mark=" a"))
    importer.run("gate", "--release", release, "--override", "other names")
    with importer.connect(autocommit=False) as long:
        long.execute("SELECT count(*) FROM public.zones").fetchone()
        importer.run("publish", "--release", release, "--patience", 1, code=75)
        assert long.execute("SELECT count(*) FROM public.zones").fetchone() == (2,)
    assert [one["id"] for one in importer.list()] == [release]
    importer.run("publish", "--release", release)
    assert importer.live() == release


def test_publish_accepts_verdict_of_earlier_importer(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    verdict = {"verdict": "passed", "findings": [], "at": "2026-11-20T02:00:00+00:00", "limits": {"max_loss": 5}}
    db.execute("UPDATE cosmogony_catalog.releases SET gate = %s", (json.dumps(verdict | {"figures": {"rows": 17}}),))
    importer.run("publish", "--release", release)
    (kept,) = importer.list()
    assert (kept["live"], kept["gate"]) == (True, "passed")


@pytest.mark.parametrize("stored", ['{"format": 99, "verdict": "passed", "findings": {}}', '"passed"'])
def test_commands_accept_gate_report_of_another_version(
    importer: Importer, zones: Zones, db: psycopg.Connection, stored: str
) -> None:
    other, release = importer.load(zones.grid()), importer.load(zones.grid())
    for one in (other, release):
        importer.run("publish", "--release", one, "--override", "test")
    db.execute("UPDATE cosmogony_catalog.releases SET gate = %s", (stored,))
    importer.run("rollback")
    assert importer.live() == other
    assert {kept["gate"] for kept in importer.list()} == {"passed" if "format" in stored else None}
    importer.run("clean")


def test_recognises_own_views_without_comments(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    importer.run("init")
    views.create_empty_zones_view(db)
    for name in "ab":
        db.execute("COMMENT ON VIEW public.zones IS NULL")
        release = importer.load(zones.grid(f"{name}.jsonl.gz"))
        importer.run("publish")
        assert importer.live() == release
        db.execute("COMMENT ON VIEW public.zone_boxes IS 'mine'")
    assert db.execute("SELECT count(*) FROM public.zones").fetchone() == (17,)


@pytest.mark.parametrize("comment", ["Mine", "Zones of the live release; made by cosmogony.stack"])
def test_publish_refuses_a_foreign_view(importer: Importer, zones: Zones, db: psycopg.Connection, comment: str) -> None:
    db.execute("CREATE VIEW public.zones AS SELECT 1 AS id")
    db.execute(psycopg.sql.SQL("COMMENT ON VIEW public.zones IS {}").format(comment))
    importer.load(zones.grid())
    assert "neither a table of the original importer nor a view of this stack" in importer.run("publish", code=1)
    assert db.execute("SELECT * FROM public.zones").fetchall() == [(1,)]


def test_publish_refuses_table_of_another_owner(
    importer: Importer, zones: Zones, db: psycopg.Connection, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.execute(ORIGINAL)
    db.execute(f'GRANT CREATE ON DATABASE "{importer.database}" TO {role}; GRANT ALL ON SCHEMA public TO {role}')
    monkeypatch.setenv("POSTGRES_USER", role)
    monkeypatch.setenv("POSTGRES_PASSWORD", "pw")
    importer.run("import_data", zones.grid())
    said = importer.run("publish", code=1)
    assert "public.zones belongs to cosmogony; run the importer as cosmogony" in said
