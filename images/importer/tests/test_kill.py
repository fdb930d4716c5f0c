# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the importer or of PostgreSQL within each command: the live release is whole, clean does the rest.

The moment is not left to luck: a trigger in the database holds the command there until it is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from importer_support.helpers import Importer, Zones, features, tile, tile_of

SCRIPT = Path(__file__).parents[1] / "import.py"
WHERE = (7, *tile_of(1, 1, 7))


@dataclass(frozen=True)
class Moment:
    """A command, and what it has just done when it is killed: a kind of DDL statement with some text in it."""

    command: tuple[str, ...]
    tag: str
    text: str = ""


MOMENTS = {
    "load: rows are in, indexes begun": Moment(("import_data", "NEW_FILE", "--jobs", "1"), "CREATE INDEX"),
    "load: low zooms begun": Moment(("import_data", "NEW_FILE", "--jobs", "1"), "CREATE TABLE", "zones_z10"),
    "load: staging becomes a release": Moment(("import_data", "NEW_FILE"), "ALTER TABLE", "SET SCHEMA"),
    "publish: views half switched": Moment(("publish", "--release", "WAITING", "--override", "x"), "CREATE VIEW"),
    "rollback: views half switched": Moment(("rollback", "--to", "OLD"), "CREATE VIEW"),
    "clean: tables dropped": Moment(("clean", "--keep", "1"), "DROP TABLE"),
    "tiles: planned": Moment(("tiles", "--release", "LIVE", "--max-zoom", "6"), "CREATE TABLE", "tile_batches"),
}


@dataclass
class Scene:
    """An old release, the live one with some stored tiles, and one that waits."""

    importer: Importer
    names: dict[str, str]
    tile: bytes | None

    def words(self, moment: Moment) -> list[str]:
        return [self.names.get(word, word) for word in moment.command]

    def start(self, moment: Moment) -> subprocess.Popen[str]:
        words = self.words(moment)
        if words[0] != "import_data":
            words += ["--outputs", str(self.importer.folder / "outputs")]
        return subprocess.Popen(
            [sys.executable, "-u", str(SCRIPT), *words],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def check(self) -> None:
        """The live release is there with all its zones and tiles, and nothing else is shown."""
        with self.importer.connect() as connection:
            assert connection.execute("SELECT id FROM cosmogony_release").fetchone() == (self.names["LIVE"],)
            assert connection.execute("SELECT count(*), min(right(name, 1)) FROM zones").fetchone() == (17, "b")
            assert tile(connection, *WHERE) == tile(connection, *WHERE, self.names["LIVE"]) == self.tile
            assert len(features(tile(connection, 3, *tile_of(1, 1, 3)))) > 1
        assert self.importer.live() == self.names["LIVE"]

    def no_debris(self) -> None:
        """Each schema is one of a release that is listed; nothing is in staging, no list of work is left."""
        with self.importer.connect() as connection:
            schemas = {row[0] for row in connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'release%'").fetchall()}  # fmt: skip
            staging = connection.execute(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'import'"
            ).fetchone()
        listed = self.importer.list()
        assert {release["schema"] for release in listed} == schemas
        assert "loading" not in {release["state"] for release in listed}
        assert staging == (0,)


@pytest.fixture
def scene(importer: Importer, zones: Zones) -> Scene:
    old, live, waiting = (importer.load(zones.grid(f"{mark}.jsonl.gz", mark=f" {mark}")) for mark in "abc")
    importer.run("tiles", "--release", live, "--max-zoom", 3)
    for release in (old, live):
        importer.run("publish", "--release", release, "--override", "test")
    names = {"OLD": old, "LIVE": live, "WAITING": waiting, "NEW_FILE": str(zones.grid("d.jsonl.gz", mark=" d"))}
    with importer.connect() as connection:
        return Scene(importer, names, tile(connection, *WHERE, live))


def hold(connection: psycopg.Connection, moment: Moment) -> None:
    connection.execute(
        "CREATE FUNCTION public.hold() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF current_query() LIKE "
        f"'%{moment.text}%' THEN PERFORM pg_sleep(300); END IF; END $$; CREATE EVENT TRIGGER hold ON ddl_command_end "
        f"WHEN TAG IN ('{moment.tag}') EXECUTE FUNCTION public.hold()"
    )


def let_go(connection: psycopg.Connection) -> None:
    connection.execute("DROP EVENT TRIGGER hold; DROP FUNCTION public.hold()")


def until(importer: Importer, held: bool, process: subprocess.Popen[str] | None = None, seconds: float = 30) -> None:
    """Wait until a command is held, or no one is any more."""
    deadline = time.monotonic() + seconds
    with importer.connect() as connection:
        query = (
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        )
        while connection.execute(query).fetchone()[0] != held:
            assert process is None or process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "held" if held else "not held"
            time.sleep(0.02)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_importer_leaves_the_live_release(scene: Scene, moment: str) -> None:
    """The database ends its work within seconds, without anybody's help."""
    with scene.importer.connect() as connection:
        hold(connection, MOMENTS[moment])
    process = scene.start(MOMENTS[moment])
    until(scene.importer, True, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(scene.importer, False)
    with scene.importer.connect() as connection:
        let_go(connection)
    afterwards(scene, MOMENTS[moment])


@pytest.mark.parametrize("moment", MOMENTS)
def test_stopped_importer_cleans_up(scene: Scene, moment: str) -> None:
    """It ends what the database is doing, and says that a retry can help, also for the commands of the original."""
    with scene.importer.connect() as connection:
        hold(connection, MOMENTS[moment])
    process = scene.start(MOMENTS[moment])
    until(scene.importer, True, process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 75, said
    assert said.endswith(f" ERROR {MOMENTS[moment].command[0]}: stopped by SIGTERM; a retry can help\n"), said
    until(scene.importer, False)
    with scene.importer.connect() as connection:
        let_go(connection)
    scene.check()
    scene.no_debris()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_database_leaves_the_live_release(scene: Scene, moment: str) -> None:
    """The importer says what happened and that the command may be run again."""
    if scene.importer.server.folder is None:
        pytest.skip("the server of TEST_POSTGRES_* is not ours to kill")
    with scene.importer.connect() as connection:
        hold(connection, MOMENTS[moment])
    process = scene.start(MOMENTS[moment])
    until(scene.importer, True, process)
    with scene.importer.server.killed():
        said, _ = process.communicate(timeout=60)
    assert process.returncode == (1 if MOMENTS[moment].command[0] == "import_data" else 75), said
    assert ": PostgreSQL: " in said
    with scene.importer.connect() as connection:
        let_go(connection)
    afterwards(scene, MOMENTS[moment])


def afterwards(scene: Scene, moment: Moment) -> None:
    scene.check()
    scene.importer.run("clean", "--keep", 3)
    scene.no_debris()
    scene.check()
    again = scene.words(moment)
    scene.importer.run(*again)  # as if nothing had happened
    if again[0] in ("publish", "rollback"):
        assert scene.importer.live() == again[2]
    else:
        scene.check()
    if again[0] == "tiles":
        with scene.importer.connect() as connection:
            left = "SELECT to_regclass('release_' || replace(%s, '-', '_') || '.tile_batches')"
            assert connection.execute(left, (scene.names["LIVE"],)).fetchone() == (None,)


@pytest.mark.parametrize("victim", ["importer", "database"])
def test_tiles_continue_after_a_kill(scene: Scene, victim: str) -> None:
    """Batches that are done stay, the one that is not is made again, and the zooms become complete."""
    importer, live = scene.importer, scene.names["LIVE"]
    table = f"release_{live.replace('-', '_')}.tiles"
    if victim == "database" and importer.server.folder is None:
        pytest.skip("the server of TEST_POSTGRES_* is not ours to kill")
    with importer.connect() as connection:
        connection.execute(
            "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(300); RETURN "
            f"NEW; END $$; CREATE TRIGGER hold BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.z = 6) "
            "EXECUTE FUNCTION public.hold()"
        )
    process = scene.start(Moment(("tiles", "--release", "LIVE", "--max-zoom", "6", "--jobs", "1"), ""))
    until(importer, True, process)
    if victim == "importer":
        process.send_signal(signal.SIGKILL)
        process.communicate()
        until(importer, False)
    else:
        with importer.server.killed():
            process.communicate(timeout=60)
    scene.check()
    with importer.connect() as connection:
        connection.execute("DROP FUNCTION public.hold() CASCADE")
        zooms = connection.execute(f"SELECT array_agg(DISTINCT z ORDER BY z) FROM {table}").fetchone()[0]
        assert zooms == [0, 1, 2, 3, 4, 5]
    assert next(one for one in importer.list() if one["live"])["stored_zoom"] == 3
    assert "of them done before" in importer.run("tiles", "--release", live, "--max-zoom", 6)
    assert next(one for one in importer.list() if one["live"])["stored_zoom"] == 6
    scene.check()
