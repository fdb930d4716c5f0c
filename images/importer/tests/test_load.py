# SPDX-License-Identifier: Apache-2.0
"""Loading: the table and its indexes as always, all or nothing."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from cosmogony_importer.database import sessions
from importer_support.helpers import Importer, Zones, grid, square, zone

SCRIPT = Path(__file__).parents[1] / "import.py"
WITHOUT = zone(500, "Hamlet", "suburb", None, None, osm_id="node:7")


def left(db: psycopg.Connection) -> tuple[list[str], list[str]]:
    """Release schemas, and tables in the staging schema."""
    schemas = [row[0] for row in db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'release%'")]
    staging = [row[0] for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'import' ORDER BY 1")]
    return schemas, staging


def test_table_zones_has_the_documented_columns(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.write([*grid(3), WITHOUT]))
    assert "10 zones imported in 0:00:0" in importer.run("import_data", zones.write([*grid(3), WITHOUT], "o.jsonl.gz"))
    assert "1 records without geometry skipped" in importer.err
    assert re.fullmatch(r"10 zones imported in 0:00:0[0-9]\nImport done\.\n", importer.out)  # as the original has it
    schema = "release_" + release.replace("-", "_")
    columns = db.execute(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE "
        "table_schema = %s AND table_name = 'zones' ORDER BY ordinal_position",
        (schema,),
    ).fetchall()
    assert columns[:8] == [
        ("id", "bigint", "NO"),
        ("parent", "bigint", "YES"),
        ("name", "character varying", "YES"),
        ("admin_level", "integer", "YES"),
        ("zone_type", "character varying", "YES"),
        ("osm_id", "character varying", "YES"),
        ("wikidata", "character varying", "YES"),
        ("geometry", "USER-DEFINED", "YES"),
    ]
    indexes = dict(
        db.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = 'zones'", (schema,)
        ).fetchall()
    )
    assert {"zones_pkey", "zones_geometry_idx", "zones_parent_idx"} <= set(indexes)
    assert "gist (geometry)" in indexes["zones_geometry_idx"]
    (analysed,) = db.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", (f"{schema}.zones",)).fetchone()
    assert analysed == 10
    row = db.execute(
        "SELECT id, parent, name, admin_level, zone_type, osm_id, wikidata, ST_SRID(geometry), "
        f"country_code FROM {schema}.zones WHERE id = 3"
    ).fetchone()
    assert row == (3, 0, "City 2", 8, "city", "relation:900003", "Q3", 3857, "AA")


@pytest.mark.parametrize("name", ["z.json", "z.json.gz", "z.jsonl", "z.jsonl.gz"])
def test_loads_all_formats(importer: Importer, zones: Zones, name: str) -> None:
    importer.load(zones.grid(name, size=2))
    assert importer.list()[0]["zones"] == 5


def test_path_option_and_dashed_command(importer: Importer, zones: Zones) -> None:
    importer.run("import-data", f"--cosmogony_path={zones.grid(size=2)}")
    assert len(importer.list()) == 1


BROKEN = {
    "duplicate id": [*grid(2), zone(3, "Again", "city", 8, square(5, 5, 6, 6))],
    "bad geometry": [*grid(2), zone(9, "Bad", "city", 8, {"type": "Polygon", "coordinates": 1})],
    "missing key": [*grid(2), {"id": 9}],
    "no zones": [],
    "only null geometries": [WITHOUT],
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_input_leaves_nothing(importer: Importer, zones: Zones, db: psycopg.Connection, what: str) -> None:
    live = importer.load(zones.grid(size=2))
    importer.run("publish")
    said = importer.run("import_data", zones.write(BROKEN[what], "broken.jsonl.gz"), code=1)
    assert " ERROR import_data: " in said
    schemas, staging = left(db)
    assert (len(schemas), staging) == (1, [])
    assert [release["id"] for release in importer.list()] == [live]
    assert "no loaded release is left to publish" in importer.run("publish", code=1)
    assert db.execute("SELECT count(*) FROM zones").fetchone() == (5,)


def test_truncated_file_leaves_nothing(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    path = zones.grid(size=4)
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in importer.run("import_data", path, code=1)
    assert left(db) == ([], [])


def test_empty_file_needs_the_option(importer: Importer, zones: Zones) -> None:
    importer.run("import_data", zones.write([]), "--allow-empty")
    assert "has no zones" in importer.run("publish", code=1)
    importer.run("publish", "--override", "a test")
    assert importer.list()[0]["live"]


def test_second_load_is_refused_or_waits(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    path = zones.grid(size=2)
    with sessions.hold_advisory_lock(db, sessions.LOAD):
        said = importer.run("import_data", path, code=1)
        assert "another importer is busy with load (process " in said
    importer.run("import_data", path, "--wait", 5)


def test_load_drops_tables_of_the_original_importer(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    db.execute("CREATE SCHEMA import; CREATE TABLE import.zones (id bigint); CREATE TABLE import.mine (a int)")
    importer.load(zones.grid(size=2))
    assert left(db)[1] == ["mine"]  # what is not ours stays


def big(zones: Zones) -> Path:
    """Some seconds of work: one wiggly country many times over."""
    path = zones.folder / "big.jsonl.gz"
    country = grid(12, points=150)
    with gzip.open(path, "wt", compresslevel=1) as file:
        for n in range(12):
            for one in country:
                new_id = one["id"] + n * 1000
                moved = {
                    "id": new_id,
                    "osm_id": f"relation:{new_id}",
                    "parent": None if one["parent"] is None else n * 1000,
                }
                file.write(json.dumps(one | moved) + "\n")
    return path


def start_load(importer: Importer, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", str(SCRIPT), "import_data", str(path), "--jobs", "1"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def until(db: psycopg.Connection, query: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not db.execute(query).fetchone()[0]:
        assert time.monotonic() < deadline, query
        time.sleep(0.02)


STAGES = {
    "copy": "SELECT count(*) > 0 FROM pg_stat_progress_copy",
    "low zooms": "SELECT to_regclass('import.zones_z12') IS NOT NULL",
}


@pytest.mark.parametrize("stage", STAGES)
def test_killed_load_leaves_the_live_release(
    importer: Importer, zones: Zones, db: psycopg.Connection, stage: str
) -> None:
    live = importer.load(zones.grid(size=2))
    importer.run("publish")
    process = start_load(importer, big(zones))
    until(db, STAGES[stage])
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert db.execute("SELECT count(*) FROM zones").fetchone() == (5,)
    assert importer.live() == live
    until(db, "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')")
    states = {release["id"]: release["state"] for release in importer.list()}
    assert sorted(states.values()) == ["loading", "published"]
    unfinished = next(one for one, state in states.items() if state == "loading")
    assert "is not complete" in importer.run("gate", "--release", unfinished, code=1)
    assert "no loaded release is left to publish" in importer.run("publish", code=1)
    importer.run("clean", "--keep", 3)
    assert unfinished in importer.output("dropped").split()
    schemas, staging = left(db)
    assert (len(schemas), staging) == (1, [])
    assert importer.live() == live


def test_killed_server_leaves_the_live_release(importer: Importer, zones: Zones) -> None:
    """kill -9 of PostgreSQL in the middle of a load: exit code 1 for the old command, and the site's data is whole."""
    if importer.server.folder is None:
        pytest.skip("the server of TEST_POSTGRES_* is not ours to kill")
    live = importer.load(zones.grid(size=2))
    importer.run("publish")
    process = start_load(importer, big(zones))
    with importer.connect() as watch:
        until(watch, STAGES["low zooms"])
    with importer.server.killed():
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert " ERROR import_data: PostgreSQL" in said
    assert importer.live() == live
    with importer.connect() as connection:
        assert connection.execute("SELECT count(*) FROM zones").fetchone() == (5,)
        importer.run("clean")
        assert left(connection)[1] == []


def test_memory_does_not_grow_with_the_number_of_zones(importer: Importer, zones: Zones) -> None:
    """The reader holds batches, whatever the size of the file."""
    peaks = []
    cities = grid(12, points=80)
    for copies in (8, 32):
        path = zones.folder / f"{copies}.jsonl.gz"
        with gzip.open(path, "wt", compresslevel=1) as file:
            for n in range(copies):
                file.writelines(json.dumps(one | {"id": one["id"] + n * 1000}) + "\n" for one in cities)
        code = (
            "import pathlib, re, sys; from cosmogony_importer.load import rows, zone_parsing\n"
            "rows.BATCH_BYTES = 300_000\n"
            "from cosmogony_steps.zonefiles import ZoneFormat\n"
            "stream = zone_parsing.open_file(pathlib.Path(sys.argv[1]))\n"
            "count = sum(1 for _ in rows.read_rows(stream, ZoneFormat.JSONL_GZ, 'x', 1))\n"
            "print(count, re.search(r'VmHWM:\\s*(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            text=True,
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        peaks.append([int(word) for word in done.stdout.split()])
    assert peaks[1][0] == 4 * peaks[0][0]
    assert peaks[1][1] < 1.1 * peaks[0][1]
