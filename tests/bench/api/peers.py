#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finding zones by point and by name beside Nominatim and Pelias, over the same extract, in one run.

    python tests/bench/api/peers.py [--extract FILE.osm.pbf --country xx] [--style admin] [--points 1000] [--rounds 3]

Each side has its own PostgreSQL with PostGIS, the same number of processes and the same requests in rounds that
take turns, over the same number of connections that stay open. Seconds of processor are those of the service and its
database: on a machine that has other work they say more than the clock. Pelias' admin lookup has this stack's zones in
the memory of its processes and no HTTP before it, so that it is compared with batches. A peer that is not there is left
out: the program `nominatim` on PATH or named by the variable NOMINATIM, and pelias-wof-admin-lookup in `node_modules`
of the folder that the variable PELIAS names.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import search_queries
import shapely
from checkout import DATA
from services import UnavailableError
from side import Figures, Side, ask

# isort: split
from nominatim import start_nominatim
from pelias import Lookup, start_pelias
from product import start_product

SEEDS = (1, 2, 3)
BATCH = 10_000  # points


def draw_points(zones: list[dict[str, Any]], count: int) -> list[tuple[float, float]]:
    """Points in zones, longitude first."""
    everywhere = shapely.union_all([shapely.from_geojson(json.dumps(zone["geometry"])) for zone in zones])
    shapely.prepare(everywhere)
    west, south, east, north = everywhere.bounds
    chance = random.Random(1)
    found: list[tuple[float, float]] = []
    while len(found) < count:
        point = (round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6))
        if shapely.contains_xy(everywhere, *point):
            found.append(point)
    return found


def judge(side: Side, zones: list[dict[str, Any]]) -> dict[int, tuple[Counter[str], int]]:
    """By seed: right answers to the questions of each kind; and those that are right if any place of the name is.

    Nominatim also finds places that are not zones, such as the node of a village: the second figure counts them too.
    """
    by_osm_id = {zone["osm_id"]: zone for zone in zones}
    judged = {}
    for seed in SEEDS:
        right, same_name = Counter(dict.fromkeys(search_queries.COUNTS, 0)), 0
        for query in search_queries.draw_queries(zones, seed):
            (path,) = side.list_searches([query.text])
            with urllib.request.urlopen(side.url + path, timeout=60) as answer:
                first = side.read_first(answer.read())
            accepted = first is not None and query.accepts(by_osm_id.get(first["osm_id"]))
            right[query.kind] += accepted
            same_name += accepted or (first is not None and first["name"] == query.name)
        judged[seed] = right, same_name
    return judged


def repeat_points(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """As many points as a batch has."""
    return [points[number % len(points)] for number in range(BATCH)]


def measure_batch(side: Side, points: Sequence[tuple[float, float]], figures: Figures) -> list[str | None]:
    """Ask this stack for points in one request; return the OSM id of the smallest zone of each."""
    body = json.dumps({"points": [{"lat": lat, "lon": lon} for lon, lat in points]}).encode()
    used, begun = side.measure_processor(), time.monotonic()
    request = urllib.request.Request(f"{side.url}/v1/reverse", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        content = answer.read()
    figures.add(len(points), time.monotonic() - begun, side.measure_processor() - used)
    return [point["zones"][0]["osm_id"] if point["zones"] else None for point in json.loads(content)["points"]]


def compare_lookups(
    side: Side, lookup: Lookup, zones: list[dict[str, Any]], points: Sequence[tuple[float, float]], rounds: int
) -> None:
    """Ask this stack in batches and Pelias for the same points, in turns, and print the table.

    Pelias simplifies borders when it loads them, which the last line shows.
    """
    many = repeat_points(points)
    figures = {"batches, " + side.name: Figures(), "batches, Pelias": Figures()}
    ours, theirs = figures.values()
    osm_ids = {zone["id"]: zone["osm_id"] for zone in zones}
    found = [number and osm_ids[number - 1] for number in lookup.find_smallest(many)]
    for _ in range(rounds):
        answered = measure_batch(side, many, ours)
        used, begun = lookup.measure_processor(), time.monotonic()
        lookup.find_smallest(many)
        theirs.add(BATCH, time.monotonic() - begun, lookup.measure_processor() - used)
    extractor, load = side.extractor_seconds, lookup.load_seconds
    print(f"Pelias: first answer {extractor + load:.1f} s after the extract, {extractor:.1f} s of it our extractor")
    print(f"{rounds} rounds of {BATCH} points:{'':8} {'per s':>9} {'per cpu second':>14}")
    for name, one in figures.items():
        print(f"{name:28} {one.rate:9.0f} {one.per_processor_second:14.0f}")
    same = sum(one == other for one, other in zip(answered, found, strict=True))
    print(f"the same smallest zone for {100 * same / BATCH:.2f} % of the points")


def compare(
    sides: list[Side], lookup: Lookup | None, zones: list[dict[str, Any]], count: int, rounds: int, connections: int
) -> None:
    """Ask all sides, and print the tables."""
    points = draw_points(zones, count)
    texts = [query.text for seed in SEEDS for query in search_queries.draw_queries(zones, seed)]
    print(f"{'':28} {'load s':>9} {'cpu s':>9} {'first answer s':>15} {'disk MB':>9}")
    for side in sides:
        seconds = f"{side.load_seconds:9.1f} {side.load_processor:9.1f} {side.answer_seconds:15.1f}"
        print(f"{side.name:28} {seconds} {side.disk / 1e6:9.0f}")
    works: dict[tuple[str, str], tuple[Side, list[str]]] = {}
    for side in sides:
        works["reverse", side.name] = side, side.list_points(points)
        works["search", side.name] = side, side.list_searches(texts)
    ours = sides[0]
    works["zone by OSM id", ours.name] = ours, [f"/v1/zones/osm/{zone['osm_id']}" for zone in zones]
    works["/health/live", ours.name] = ours, ["/health/live"] * len(points)
    figures = {key: Figures() for key in works}
    for side, paths in works.values():
        ask(side, paths[:64], connections, Figures())  # what comes first is slower
    for _ in range(rounds):
        for key, (side, paths) in works.items():
            ask(side, paths, connections, figures[key])
    print(f"{connections} requests at a time, {rounds} rounds of {len(points)} points and {len(texts)} names:")
    print(f"{'':28} {'per s':>9} {'median ms':>9} {'p95 ms':>9} {'p99 ms':>9} {'per cpu second':>14}")
    for (work, name), found in sorted(figures.items()):
        print(f"{work + ', ' + name:28} {found.describe()}")
    batches = Figures()
    for _ in range(rounds):
        measure_batch(ours, repeat_points(points), batches)
    per_second = batches.per_processor_second
    print(f"{'batches of 10,000 points':28} {batches.rate:9.0f} {'':9} {'':9} {'':9} {per_second:14.0f}")
    if lookup:
        compare_lookups(ours, lookup, zones, points, rounds)
    print(f"right of 100 searches: {', '.join(f'{kind} of {of}' for kind, of in search_queries.COUNTS.items())}")
    for side in sides:
        for seed, (right, same_name) in judge(side, zones).items():
            kinds = ", ".join(f"{kind} {number}" for kind, number in right.items())
            print(
                f"  {side.name}, seed {seed}: {right.total()} ({kinds}); {same_name} if any place of the name is right"
            )


def run(options: argparse.Namespace) -> None:
    """Start all sides and compare them."""
    with ExitStack() as stack:
        prefixes = ("product-", "nominatim-", "pelias-")
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix=prefix))) for prefix in prefixes]
        country = options.country
        sides = [stack.enter_context(start_product(options.extract, country, options.processes, folders[0]))]
        try:
            peer = start_nominatim(options.extract, options.style, options.processes, folders[1])
            sides.append(stack.enter_context(peer))
        except UnavailableError as error:
            print(f"without Nominatim ({error})", file=sys.stderr)
        zones = search_queries.read_zones(folders[0] / "zones.jsonl.gz")
        lookup = None
        try:
            lookup = stack.enter_context(start_pelias(zones, folders[2]))
        except UnavailableError as error:
            print(f"without Pelias ({error})", file=sys.stderr)
        print(
            f"{options.extract.name}: {len(zones)} zones; {options.processes} processes a side; {os.cpu_count()} "
            f"processors, load {os.getloadavg()[0]:.1f}; Nominatim with style {options.style}",
            flush=True,
        )
        compare(sides, lookup, zones, options.points, options.rounds, options.connections)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--extract", type=Path, default=DATA / "luxembourg_filtered.osm.pbf", help="a .osm.pbf file")
    arguments.add_argument("--country", default="lu", help="its country, ISO 3166-1 alpha-2")
    arguments.add_argument("--style", default="admin", help="what Nominatim imports: admin, full, extratags, …")
    arguments.add_argument("--points", type=int, default=1000, help="in each round")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--processes", type=int, default=2)
    run(arguments.parse_args())
