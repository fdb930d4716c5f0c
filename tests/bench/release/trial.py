#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Switches releases under load and prints what clients saw. Everything is on loopback and bounded in time.

    python tests/bench/release/trial.py [--releases 20] [--clients 3] [--pause 0.5]

Ends in 1 when a client saw an error, a mix of two releases, or a wrong answer.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from clients import Client, Connection, Phase, milliseconds
from serving import Stack, serving

UNKNOWN = "20200101t000000-00000000"


def make_releases(stack: Stack, count: int, folder: Path) -> dict[str, str]:
    """Releases whose names all carry a mark; every second one has stored tiles. Returns id to mark."""
    from importer_support.helpers import Zones

    zones = Zones(folder)
    marks: dict[str, str] = {}
    for number in range(count):
        mark = f"r{number:02d}"
        stack.importer("import_data", str(zones.grid(f"{mark}.jsonl.gz", size=6, mark=f" {mark}")), "--jobs", "1")
        (release,) = [one["id"] for one in json.loads(stack.importer("list", "--json")) if one["id"] not in marks]
        marks[release] = mark
        if number % 2:
            stack.importer("tiles", "--release", release, "--max-zoom", "7")
        stack.importer("gate", "--release", release)
        print(f"\rreleases made: {number + 1} of {count}", end="", flush=True)
    print()
    return marks


def publish(stack: Stack, release: str, took: list[float], *command: str) -> None:
    start = time.monotonic()
    stack.importer(*(command or ("publish", "--release", release)))
    took.append(time.monotonic() - start)


def long_reader(stack: Stack, release: str, seconds: float, took: list[float]) -> None:
    """Somebody keeps the view in a transaction while the next release is published."""
    with stack.postgres.connect(stack.database, autocommit=False) as reader:
        reader.execute("SELECT count(*) FROM public.zones").fetchone()
        start = time.monotonic()
        waiting = threading.Thread(target=publish, args=(stack, release, took))
        waiting.start()
        waiting.join(seconds)
        if not waiting.is_alive():
            raise RuntimeError("publish did not wait for the long reader")
        reader.rollback()
        waiting.join(60)
        late = time.monotonic() - start - seconds
        print(f"long reader: held the view for {seconds:.0f} s, publish done {late:.1f} s later")


def unknown_releases(stack: Stack, wrong: list[str]) -> None:
    connection = Connection(stack.ports["nginx"])
    for name in (UNKNOWN, "nonsense", "%27%3B--"):
        answer = connection.get(f"/tiles/cosmogony/5/16/15.pbf?v={name}")
        if (answer.status, answer.headers.get("cache-control")) != (404, "no-store"):
            wrong.append(f"unknown release {name}: {answer.status} {answer.headers.get('cache-control')}")


def dropped_releases(stack: Stack, marks: dict[str, str], kept: int, wrong: list[str]) -> None:
    """After clean an old URL may still be in the cache; it is never wrong, an error, or empty for a year."""
    stack.importer("clean", "--keep", str(kept))
    left = {one["id"] for one in json.loads(stack.importer("list", "--json"))}
    connection = Connection(stack.ports["nginx"])
    seen: dict[str, int] = {}
    for release, mark in marks.items():
        for path in ("5/16/15", "12/2060/2036"):
            answer = connection.get(f"/tiles/cosmogony/{path}.pbf?v={release}")
            good = answer.status == 200 and f" {mark}".encode() in answer.body
            if release not in left:
                control = answer.headers.get("cache-control", "")
                good = (
                    good
                    or (answer.status == 404 and control == "no-store")
                    or (answer.status == 204 and "immutable" not in control)
                )
                seen[f"{answer.status}"] = seen.get(f"{answer.status}", 0) + 1
            if not good:
                wrong.append(f"release {release} {'kept' if release in left else 'dropped'}: {path} {answer.status}")
    print(
        f"after clean --keep {kept}: {len(marks) - len(left)} dropped, their URLs answer "
        + ", ".join(f"{status} x{count}" for status, count in sorted(seen.items()))
    )


def table(phases: list[Phase]) -> None:
    print(
        f"{'phase':34} {'tiles':>7} {'median':>8} {'p99':>8} {'max':>8} {'zones':>7} {'median':>8} {'p99':>8} "
        f"{'max':>8} {'wrong':>6}"
    )
    for phase in phases:
        tile, zone = milliseconds(phase.tiles), milliseconds(phase.zones)
        print(
            f"{phase.name:34} {len(phase.tiles):7} "
            + " ".join(f"{value:8.1f}" for value in tile)
            + f" {len(phase.zones):7} "
            + " ".join(f"{value:8.1f}" for value in zone)
            + f" {len(phase.wrong):6}"
        )
    print("times in ms")


def run(releases: int, clients: int, pause: float) -> int:
    took: list[float] = []
    rolled: list[float] = []
    with serving() as stack, TemporaryDirectory() as folder:
        marks = make_releases(stack, releases, Path(folder))
        order = list(marks)
        stack.importer("publish", "--release", order[0])
        phases = [Phase("no switch")]
        running = [Client(stack.ports["nginx"], marks, phases, number) for number in range(clients)]
        for client in running:
            client.start()
        time.sleep(max(5.0, 10 * pause))
        phases.append(Phase(f"{releases - 2} switches"))
        for release in order[1:-1]:
            publish(stack, release, took)
            unknown_releases(stack, phases[-1].wrong)
            time.sleep(pause)
        phases.append(Phase("a long reader holds the view"))
        long_reader(stack, order[-1], 4.0, took)
        phases.append(Phase("10 rollbacks and switches"))
        for number in range(5):
            publish(stack, "", rolled, "rollback")
            time.sleep(pause)
            publish(stack, order[-1 - number % 2], took)
            time.sleep(pause)
        for client in running:
            client.stopping.set()
        for client in running:
            client.join(30)
        phases.append(Phase("old URLs after clean"))
        dropped_releases(stack, marks, 3, phases[-1].wrong)
    table(phases)
    print(
        f"publish: median {statistics.median(took):.2f} s, longest {max(took):.2f} s (with the start of the program "
        f"and the long reader); rollback: longest {max(rolled):.2f} s"
    )
    normal = milliseconds(phases[0].tiles)[1]
    print(
        "p99 of tiles against no switch: "
        + ", ".join(f"{phase.name} x{milliseconds(phase.tiles)[1] / normal:.1f}" for phase in phases[1:4])
    )
    seen = set().union(*(phase.releases for phase in phases))
    print(f"clients saw {len(seen)} of {releases} releases live")
    wrong = [line for phase in phases for line in phase.wrong]
    for line in wrong[:20]:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=20)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between switches")
    options = parser.parse_args()
    return run(options.releases, options.clients, options.pause)


if __name__ == "__main__":
    sys.exit(main())
