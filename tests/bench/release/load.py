#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loading zones: one COPY against one INSERT per zone, over the same connection; and memory.

    python tests/bench/release/load.py [--zones FILE.jsonl.gz] [--copies 40] [--rounds 3]

Zones of Luxembourg, made of the extract in tests/data, forty times over; or those of a file. Both sides read the same
file and end with the same geometries. The INSERTs go into a table with the original's three indexes, in one
transaction, with the database making the geometry, as the original importer's did. The COPY makes its four indexes
afterwards, and ANALYZE, within its time. The geometry for low zooms, which the original did not make, is on neither
side and is given apart. Seconds of processor are those of the client and its server process: on a machine that has
other work they say more than the clock.
"""

from __future__ import annotations

import argparse
import gzip
import io
import itertools
import json
import os
import statistics
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from checkout import DATA, IMAGES
from services import postgis
from services.connections import find_database

# isort: split
import numpy as np
import orjson
import psycopg
from cosmogony_importer.database import sessions, statements
from cosmogony_importer.load import bands, loader, rows, zone_parsing
from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.zonefiles import ZoneFormat

CODES = ["".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=2)]
EXTRACT = DATA / "luxembourg_filtered.osm.pbf"
ORIGINAL_INDEXES = (
    "ALTER TABLE zones ADD CONSTRAINT zones_pkey PRIMARY KEY (id)",
    "CREATE INDEX zones_geometry_idx ON zones USING gist (geometry)",
    "CREATE INDEX zones_parent_idx ON zones (parent)",
)
INSERT = (
    "INSERT INTO zones (id, parent, name, admin_level, zone_type, osm_id, wikidata, geometry, country_code) VALUES "
    "(%s, %s, %s, %s, %s, %s, %s, ST_MakeValid(ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326), 3857)), %s)"
)


@contextmanager
def schema(connection: psycopg.Connection) -> Iterator[None]:
    """An empty schema that stays until the end of the block."""
    connection.execute("CREATE SCHEMA bench")
    try:
        yield
    finally:
        connection.execute("DROP SCHEMA bench CASCADE")


def enter(connection: psycopg.Connection) -> None:
    statements.set_search_path(connection, "bench", statements.find_postgis_schema(connection))


def processor(connection: psycopg.Connection) -> float:
    """Seconds of processor so far, of this process and of its server process."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def source(stream: IO[bytes], file: Path) -> loader.ZoneStream:
    return loader.ZoneStream(stream, ZoneFormat.JSONL_GZ, file.name)


def copy_zones(
    settings: DatabaseAddress, connection: psycopg.Connection, file: Path, loaded: loader.LoadCounts, jobs: int
) -> None:
    """Copy the zones of a file, and the pieces of their polygons over a second connection."""
    enter(connection)
    loader._create_tables(connection)
    with (
        sessions.connect(settings) as second,
        second.transaction(),
        zone_parsing.open_file(file) as stream,
        redirect_stderr(io.StringIO()),
    ):
        enter(second)
        second.execute(statements.read_statement("release/pieces.sql"))
        loader._copy_zones(connection, second, source(stream, file), loaded, 0, jobs)


def by_copy(
    settings: DatabaseAddress, connection: psycopg.Connection, file: Path, jobs: int, times: dict[str, list[float]]
) -> int:
    loaded, begun, used = loader.LoadCounts(), time.monotonic(), processor(connection)
    with schema(connection):
        with connection.transaction():
            copy_zones(settings, connection, file, loaded, jobs)
            times.setdefault("read and COPY", []).append(time.monotonic() - begun)
            between = time.monotonic()
            loader._create_indexes(connection)
            times.setdefault("indexes and ANALYZE", []).append(time.monotonic() - between)
        times.setdefault("all", []).append(time.monotonic() - begun)
        times.setdefault("processor", []).append(processor(connection) - used)
    return loaded.rows


def by_insert(connection: psycopg.Connection, file: Path, times: dict[str, list[float]]) -> int:
    count, begun, used = 0, time.monotonic(), processor(connection)
    with schema(connection):
        with connection.transaction():
            enter(connection)
            connection.execute(statements.read_statement("release/001_release.sql"))
            for statement in ORIGINAL_INDEXES:
                connection.execute(statement)
            with gzip.open(file) as lines:
                for line in lines:
                    zone = json.loads(line)
                    if zone["geometry"] is None:
                        continue
                    names = ("id", "parent", "name", "admin_level", "zone_type", "osm_id", "wikidata")
                    values = [zone[name] for name in names]
                    connection.execute(INSERT, (*values, json.dumps(zone["geometry"]), zone.get("country_code")))
                    count += 1
        times.setdefault("all", []).append(time.monotonic() - begun)
        times.setdefault("processor", []).append(processor(connection) - used)
    return count


def reading_alone(file: Path, jobs: int) -> float:
    begun = time.monotonic()
    with zone_parsing.open_file(file) as stream:
        for _ in rows.read_rows(stream, ZoneFormat.JSONL_GZ, file.name, jobs):
            pass
    return time.monotonic() - begun


def low_zooms(connection: psycopg.Connection, settings: DatabaseAddress, file: Path) -> float:
    with schema(connection):
        with connection.transaction():
            copy_zones(settings, connection, file, loader.LoadCounts(), 0)
            loader._create_indexes(connection)
        begun = time.monotonic()
        with redirect_stderr(io.StringIO()):
            bands.create_band_tables(settings, connection, "bench")
        return time.monotonic() - begun


def replicate(file: Path, times: int, target: Path) -> None:
    """The zones of a file several times over with other ids; side by side where there is room for it.

    Each copy is another country as long as there are two-letter codes.
    """
    with gzip.open(file) as lines:
        zones = [orjson.loads(line) for line in lines]
    step = max(zone["id"] for zone in zones) + 1
    places = _places(zones, times)
    with gzip.open(target, "wb", compresslevel=1) as out:
        for copy in range(times):
            for zone in zones:
                parent = None if zone["parent"] is None else zone["parent"] + copy * step
                moved = zone | {
                    "id": zone["id"] + copy * step,
                    "osm_id": f"relation:{zone['id'] + copy * step}",
                    "parent": parent,
                }
                if zone["country_code"]:
                    moved["country_code"] = CODES[copy % len(CODES)]
                if places and zone["geometry"]:
                    polygons = [[np.round(ring + places[copy], 7) for ring in rings] for rings in _polygons(zone)]
                    moved["geometry"] = {"type": "MultiPolygon", "coordinates": polygons}
                    if zone.get("bbox"):
                        moved["bbox"] = np.round(zone["bbox"] + np.tile(places[copy], 2), 7)
                out.write(orjson.dumps(moved, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def _places(zones: list[dict[str, Any]], times: int) -> list[np.ndarray]:
    """By how much each copy is moved; nothing when the map has no room for all."""
    rings = [ring for zone in zones for polygon in _polygons(zone) for ring in polygon]
    low, high = np.min([ring.min(0) for ring in rings], 0), np.max([ring.max(0) for ring in rings], 0)
    width, height = 1.05 * (high - low)
    columns, lines = int(350 // width), int(140 // height)
    if times == 1 or columns * lines < times:
        return []
    first = np.array([-175, -70]) - low
    return [first + np.array([width * (copy % columns), height * (copy // columns)]) for copy in range(times)]


def _polygons(zone: dict[str, Any]) -> list[list[np.ndarray]]:
    if zone["geometry"] is None:
        return []
    coordinates = zone["geometry"]["coordinates"]
    many = coordinates if zone["geometry"]["type"] == "MultiPolygon" else [coordinates]
    return [[np.array(ring) for ring in polygon] for polygon in many]


def peak(environment: dict[str, str], file: Path) -> int:
    """Highest resident memory of a separate importer in MB.

    A small process starts it: Linux counts what the parent had until then.
    """
    small = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); sys.exit(done.returncode)"
    )
    program = [sys.executable, str(IMAGES / "importer/import.py"), "import_data", str(file)]
    done = subprocess.run([sys.executable, "-c", small, *program], env=environment, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def luxembourg(folder: Path) -> Path:
    target = folder / "luxembourg.jsonl.gz"
    command = [sys.executable, "-m", "cosmogony", "generate", "--input", str(EXTRACT), "--country-code", "lu"]
    environment = {**os.environ, "PYTHONPATH": str(IMAGES / "cosmogony/src"), "RUST_LOG": "error"}
    subprocess.run([*command, "--output", str(target)], env=environment, check=True)
    return target


def run(zones: Path | None, copies: int, rounds: int) -> None:
    server = postgis.start_server()
    try:
        with TemporaryDirectory() as folder:
            once = zones or luxembourg(Path(folder))
            file = once
            if copies > 1:
                file = Path(folder) / f"{copies}-times-{once.name}"
                replicate(once, copies, file)
            database = server.create_database()
            os.environ.update(server.environment(database))
            settings = find_database()
            with sessions.connect(settings) as connection:
                compare(connection, settings, file, rounds)
            memory(server.environment(database), file, Path(folder))
    finally:
        server.stop()


def compare(connection: psycopg.Connection, settings: DatabaseAddress, file: Path, rounds: int) -> None:
    copied: dict[str, list[float]] = {}
    alone: dict[str, list[float]] = {}
    inserted: dict[str, list[float]] = {}
    count = by_copy(settings, connection, file, 0, {})  # what comes first is slower
    for _ in range(rounds):
        if {by_insert(connection, file, inserted), by_copy(settings, connection, file, 0, copied)} != {count}:
            raise RuntimeError("both sides must load the same zones")
        by_copy(settings, connection, file, 1, alone)
    rate = {name: count / statistics.median(times["all"]) for name, times in
            (("INSERT", inserted), ("COPY", copied), ("COPY, one thread", alone))}  # fmt: skip
    print(f"{count} zones of {file.name}, {rounds} interleaved rounds, medians")
    for name, value in rate.items():
        print(f"  {name:20} {value:8.0f} zones a second")
    for name, times in (("COPY", copied), ("COPY, one thread", alone)):
        ratios = [slow / fast for slow, fast in zip(inserted["all"], times["all"], strict=True)]
        spent = [slow / fast for slow, fast in zip(inserted["processor"], times["processor"], strict=True)]
        print(
            f"  {name} against INSERT: x{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f}); "
            f"by seconds of processor x{statistics.median(spent):.1f} "
            f"({statistics.median(inserted['processor']):.1f} / {statistics.median(times['processor']):.1f} s)"
        )
    for name in ("read and COPY", "indexes and ANALYZE"):
        print(f"  of COPY, one thread: {name} {statistics.median(alone[name]):.2f} s")
    print(f"  reading and making rows alone, one thread: {reading_alone(file, 1):.2f} s")
    print(f"  not counted above: geometry for low zooms {low_zooms(connection, settings, file):.2f} s")


def memory(environment: dict[str, str], file: Path, folder: Path) -> None:
    environment = {**os.environ, **environment, "PYTHONPATH": str(IMAGES / "importer/src")}
    peaks = []
    for times in (1, 4):
        replicate(file, times, folder / f"{times}.jsonl.gz")
        peaks.append(peak(environment, folder / f"{times}.jsonl.gz"))
        (folder / f"{times}.jsonl.gz").unlink()
    print(f"  importer's memory: {peaks[0]} MB, with four times these zones {peaks[1]} MB")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--zones", type=Path, help="a file of the extractor, .jsonl.gz (else Luxembourg)")
    arguments.add_argument("--copies", type=int, default=40, help="how often the zones are taken")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    run(options.zones, options.copies, options.rounds)
