#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finding zones by point and by name in releases of growing size: load, disk, rates, and how they grow.

    python tests/bench/api/lookups.py [--zones FILE.jsonl.gz] [--copies 5,50,500] [--simplify 0.001] [--points 10000]
        [--queries 200]

Copies of the zones of Luxembourg (198 with a geometry, 1,500 points each) lie side by side. The database is asked over
one connection, without the API before it. Seconds of processor are those of the server process that answers, for a load
those of the server and of the importer: on a machine that has other work they say more than the clock. The exponent is
the slope of the straight line through the logarithms of size and figure: 0 stands for no growth, 1 for growth in step
with the zones.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import math
import os
import random
import statistics
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import search_queries
from load import luxembourg, replicate
from services import postgis
from services.connections import find_database
from side import measure_load

# isort: split
import psycopg
import shapely
from cosmogony_importer.database import sessions
from cosmogony_importer.load import loader
from cosmogony_importer.releases import migrations
from cosmogony_steps.zonefiles import ZoneFormat
from psycopg import sql

SCHEMA = "release_bench"
BATCH = 1000  # points
UNITS = {
    "load": "s of processor",
    "disk": "MB",
    "single": "s of processor a point",
    "batch": "s of processor a point in a batch",
    "search": "s of processor a query",
}


@dataclass(frozen=True)
class Figures:
    """What was measured with one number of zones; times in seconds."""

    zones: int
    load_seconds: float  # by the clock
    load: float  # of processor
    disk: float  # MB
    single: float  # of processor per point, one point a call
    batch: float  # of processor per point, BATCH points a call
    search: float  # of processor per query
    search_p95: float  # by the clock


def measure(server: postgis.Server, file: Path, points: int, queries: list[str]) -> Figures:
    """Load a file into a new database and ask it."""
    database = server.create_database()
    os.environ.update(server.environment(database))
    settings = find_database()
    with sessions.connect(settings) as connection, redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        migrations.migrate_database(connection)
        used, begun = processor_of_load(server), time.monotonic()
        with file.open("rb") as stream:
            loaded = loader.load_release(
                settings, connection, "bench", loader.ZoneStream(stream, ZoneFormat.JSONL_GZ, file.name)
            )
        seconds, load = time.monotonic() - begun, processor_of_load(server) - used
    with server.connect(database) as connection:
        connection.execute("CHECKPOINT")
        (disk,) = connection.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relkind = 'r'",
            (SCHEMA,),
        ).fetchone()
        single, batch = measure_reverse(connection, points)
        search, slowest = measure_search(connection, queries)
    server.drop_database(database)
    return Figures(loaded.rows, seconds, load, float(disk) / 1e6, single, batch, search, slowest)


def measure_reverse(connection: psycopg.Connection, points: int) -> tuple[float, float]:
    """Seconds of processor per point: one by one, and in batches."""
    (box,) = connection.execute(
        sql.SQL("SELECT ST_AsBinary(ST_Extent(geometry)) FROM {}").format(sql.Identifier(SCHEMA, "zone_pieces"))
    ).fetchone()
    west, south, east, north = shapely.from_wkb(box).bounds
    chance = random.Random(1)
    drawn = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(points)]
    reverse = sql.SQL("SELECT * FROM {}(%s::float8[], %s::float8[])").format(sql.Identifier(SCHEMA, "reverse"))
    times = []
    for size in (1, BATCH):
        chosen = drawn[: points // 10] if size == 1 else drawn
        parts = [chosen[begin : begin + size] for begin in range(0, len(chosen), size)]
        for part in [*parts[:5], None, *parts]:
            if part is None:
                used = processor(connection)
                continue
            connection.execute(reverse, tuple(map(list, zip(*part, strict=True))), prepare=True).fetchall()
        times.append((processor(connection) - used) / len(chosen))
    return times[0], times[1]


def measure_search(connection: psycopg.Connection, queries: list[str]) -> tuple[float, float]:
    """Seconds of processor per query, and the time that 95 of 100 queries do not take."""
    search = sql.SQL("SELECT * FROM {}(%s, 10)").format(sql.Identifier(SCHEMA, "search"))
    for query in queries[:20]:
        connection.execute(search, (query,), prepare=True).fetchall()
    used, times = processor(connection), []
    for query in queries:
        begun = time.monotonic()
        connection.execute(search, (query,), prepare=True).fetchall()
        times.append(time.monotonic() - begun)
    return (processor(connection) - used) / len(queries), statistics.quantiles(times, n=20)[-1]


def processor_of_load(server: postgis.Server) -> float:
    """Seconds of processor so far of the server, and of this process with its children."""
    own = os.times()
    return own.user + own.system + measure_load(server)


def processor(connection: psycopg.Connection) -> float:
    """Seconds of processor of the server process of a connection so far."""
    fields = Path(f"/proc/{connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fit_power(sizes: list[float], values: list[float]) -> tuple[float, float]:
    """Factor and exponent of the power of the size that fits the values best: a line through the logarithms."""
    slope, intercept = statistics.linear_regression(list(map(math.log, sizes)), list(map(math.log, values)))
    return math.exp(intercept), slope


def simplify_zones(file: Path, degrees: float, target: Path) -> Path:
    """Write zones with fewer points in their borders, which may then overlap by some degrees."""
    with gzip.open(file, "rt") as lines, gzip.open(target, "wt") as out:
        for line in lines:
            zone = json.loads(line)
            if zone["geometry"]:
                shape = shapely.from_geojson(json.dumps(zone["geometry"])).simplify(degrees)
                zone["geometry"] = json.loads(shapely.to_geojson(shape))
            out.write(json.dumps(zone) + "\n")
    return target


def run(zones: Path | None, copies: list[int], simplify: float, points: int, queries: int) -> None:
    server = postgis.start_server()
    try:
        with TemporaryDirectory() as folder:
            once = zones or luxembourg(Path(folder))
            if simplify:
                once = simplify_zones(once, simplify, Path(folder) / "simplified.jsonl.gz")
            zones_once = search_queries.read_zones(once)
            asked = [
                one.text for seed in range(queries // 100) for one in search_queries.draw_queries(zones_once, seed)
            ]
            measured = []
            print(
                "  zones    load s  its cpu s  disk MB  reverse/s one by one  in batches  search/s  search p95 ms",
                flush=True,
            )
            for times in copies:
                file = Path(folder) / f"{times}-times.jsonl.gz"
                replicate(once, times, file)
                found = measure(server, file, points, asked)
                file.unlink()
                measured.append(found)
                print(
                    f"{found.zones:7}  {found.load_seconds:8.1f}  {found.load:8.1f}  {found.disk:7.0f}  "
                    f"{1 / found.single:20.0f}  {1 / found.batch:10.0f}  {1 / found.search:8.0f}  "
                    f"{1000 * found.search_p95:13.1f}",
                    flush=True,
                )
            sizes = [float(one.zones) for one in measured]
            for name in UNITS if len(copies) > 1 else ():
                factor, exponent = fit_power(sizes, [getattr(one, name) for one in measured])
                print(f"  exponent of {name}: {exponent:.2f} ({factor:.3g} {UNITS[name]} * zones^{exponent:.2f})")
    finally:
        server.stop()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--zones", type=Path, help="a file of the extractor, .jsonl.gz (else Luxembourg)")
    arguments.add_argument("--copies", default="5,50,500", help="how often the zones are taken")
    arguments.add_argument("--simplify", type=float, default=0, help="tolerance of borders in degrees; 0 leaves them")
    arguments.add_argument("--points", type=int, default=10_000)
    arguments.add_argument("--queries", type=int, default=200, help="a multiple of 100")
    options = arguments.parse_args()
    run(
        options.zones,
        [int(one) for one in options.copies.split(",")],
        options.simplify,
        options.points,
        options.queries,
    )
