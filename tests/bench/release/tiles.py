#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tiles of a continent: how big, how fast computed and stored, and the warm cache against a static file.

    python tests/bench/release/tiles.py [--zones FILE.jsonl.gz] [--requests 60] [--rounds 7]

Everything is the real part on loopback: PostgreSQL, Martin, the API, nginx.
"""

from __future__ import annotations

import argparse
import gzip
import json
import socket
import statistics
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import borders
from clients import Connection, percentile
from continent import write
from serving import Stack, serving

STORED_ZOOM = 8
REQUESTS = 4000  # of a round, over 8 connections; nginx ends each after 1000
ZOOMS = range(17)
Address = tuple[int, int, int]


def places(stack: Stack, count: int) -> list[tuple[float, float]]:
    """Points in zones, as shares of the map's width and height; where zones are small there are more."""
    with stack.postgres.connect(stack.database) as connection:
        return connection.execute(
            "SELECT ST_X(p) / 40075016.685578488 + 0.5, 0.5 - ST_Y(p) / 40075016.685578488 FROM (SELECT "
            "ST_PointOnSurface(geometry) AS p FROM zones WHERE ST_Dimension(geometry) = 2 ORDER BY md5(id::text) "
            "LIMIT %s) AS chosen",
            (count,),
        ).fetchall()


def addresses(found: list[tuple[float, float]], zoom: int) -> list[Address]:
    return [(zoom, int(x * 2**zoom), int(y * 2**zoom)) for x, y in found]


def touched(stack: Stack, release: str, zoom: int) -> list[tuple[Address, int]]:
    """All tiles of a zoom and their size before compression."""
    with stack.postgres.connect(stack.database) as connection:
        rows = connection.execute(
            "SELECT x, y, length(cosmogony_catalog.compute_tile(%s, %s, x, y)) FROM generate_series(0, %s) AS x, "
            "generate_series(0, %s) AS y",
            ("release_" + release.replace("-", "_"), zoom, 2**zoom - 1, 2**zoom - 1),
        ).fetchall()
    return [((zoom, x, y), size) for x, y, size in rows if size]


def sizes(stack: Stack, release: str) -> None:
    print("biggest tile of each zoom before compression, in KB (wanted below 300 to zoom 4):")
    for zoom in range(6):
        (z, x, y), size = max(touched(stack, release, zoom), key=lambda found: found[1])
        print(f"  zoom {zoom}: {size / 1000:7.1f}  {z}/{x}/{y}")


def timed(connection: Connection, path: str) -> float:
    answer = connection.get(path)
    if answer.status not in (200, 204):
        raise RuntimeError(f"{path}: {answer.status}")
    return 1000 * answer.seconds


def latencies(stack: Stack, release: str, requests: int, title: str, zooms: range) -> None:
    """Past nginx, over one kept-alive connection to Martin."""
    connection = Connection(stack.ports["tiles"])
    found = places(stack, requests)
    print(f"{title}, past nginx, {requests} tiles of each zoom, in ms:")
    for zoom in zooms:
        paths = [f"/cosmogony/{z}/{x}/{y}?v={release}" for z, x, y in addresses(found, zoom)]
        timed(connection, paths[0])
        took = [timed(connection, path) for path in paths]
        print(
            f"  zoom {zoom:2}: median {statistics.median(took):6.1f}  p95 {percentile(took, 0.95):6.1f}  "
            f"longest {max(took):6.1f}"
        )


def shared_borders(stack: Stack, release: str, requests: int) -> bool:
    """Whether neighbours have neither gap nor overlap in the tiles that were timed."""
    found = places(stack, requests)
    total = borders.Found()
    for zoom in ZOOMS:
        here = borders.zoom(stack, release, set(addresses(found, zoom)))
        if here.gaps or here.overlaps:
            print(f"  zoom {zoom}: {here.pairs} pairs, gaps {here.gaps}, overlaps {here.overlaps}")
        total += here
    print(
        f"shared borders: {total.pairs} pairs of neighbours compared at z{ZOOMS[0]} to z{ZOOMS[-1]}, "
        f"gaps {total.gaps}, overlaps {total.overlaps} (wanted 0); "
        f"{total.slivers} narrower than a sixteenth of a pixel, from rounding"
    )
    return total.pairs > 0 and not total.gaps and not total.overlaps


def nginx_seconds(stack: Stack) -> float:
    """Processor time of nginx and its workers."""
    top = stack.processes["nginx"].pid
    spent = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(") ", 1)[1].split()[1])
            if top in (int(folder.name), parent):
                spent += int((folder / "schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return spent / 1e9


class Readers:
    """Some kept-alive connections that all ask for one path, so that nginx is never without work."""

    def __init__(self, port: int, path: str, connections: int = 8) -> None:
        self.path = path
        self.request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        self.sockets = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(connections)]
        for one in self.sockets:
            one.sendall(self.request)
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += one.recv(1 << 20)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{path}: {head.decode().splitlines()[0]}")
            headers = dict(line.lower().split(": ", 1) for line in head.decode().splitlines()[1:])
            self.body = int(headers["content-length"])
            self.length = len(head) + 4 + self.body
            self._read(one, self.body - len(body))

    def _read(self, one: socket.socket, left: int) -> None:
        while left > 0:
            part = one.recv(min(left, 1 << 20))
            left -= len(part)
            if not part:
                raise RuntimeError(f"{self.path}: nginx closed the connection")

    def run(self, requests: int) -> float:
        """Requests a second."""
        begun = time.monotonic()
        for _ in range(requests // len(self.sockets)):
            for one in self.sockets:
                one.sendall(self.request)
            for one in self.sockets:
                self._read(one, self.length)
        return requests / (time.monotonic() - begun)

    def close(self) -> None:
        for one in self.sockets:
            one.close()


def static_file(stack: Stack, release: str, address: Address) -> tuple[str, str, int]:
    """Put the bytes that nginx sends for a tile where it finds them as a file of the site."""
    tile = "/tiles/cosmogony/{}/{}/{}.pbf?v={}".format(*address, release)
    request = urllib.request.Request(stack.url + tile, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=20) as response:
        body = response.read()
    gzip.decompress(body)
    name = "/assets/{}-{}-{}.bin".format(*address)
    target = stack.folder / f"site{name}"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(body)
    for path in (target.parent, target):
        path.chmod(0o755)  # nginx runs as another user
    return tile, name, len(body)


def cache_against_file(stack: Stack, release: str, address: Address, rounds: int) -> None:
    tile, name, size = static_file(stack, release, address)
    pairs: list[tuple[float, float]] = []
    costs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        rate, cost = {}, {}
        for path in (tile, name) if number % 2 else (name, tile):
            readers = Readers(stack.ports["nginx"], path)
            if readers.body != size:
                raise RuntimeError(f"{path}: {readers.body} bytes, wanted {size}")
            before = nginx_seconds(stack)
            rate[path] = readers.run(REQUESTS)
            cost[path] = nginx_seconds(stack) - before
            readers.close()
        if number:  # the first pair warms up
            pairs.append((rate[tile], rate[name]))
            costs.append((cost[tile], cost[name]))
    ratios = [ours / plain for ours, plain in pairs]
    cached, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    busy = [1e6 * statistics.median(column) / REQUESTS for column in zip(*costs, strict=True)]
    print(
        f"  {'/'.join(map(str, address)):12} {size:7} bytes: {cached:6.0f} against {plain:6.0f} a second, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
        f"processor time {busy[0]:.0f} against {busy[1]:.0f} us a request"
    )


def run(zones: Path | None, requests: int, rounds: int) -> bool:
    """Whether everything held that is not a matter of speed."""
    with serving() as stack, TemporaryDirectory() as folder:
        file = zones or Path(folder) / "zones.jsonl.gz"
        if zones is None:
            write(file)
        stack.importer("import_data", str(file))
        stack.importer("publish", "--override", "bench")
        with urllib.request.urlopen(stack.url + "/tiles/cosmogony.json", timeout=20) as described:
            release = json.load(described)["release"]
        sizes(stack, release)
        latencies(stack, release, requests, "computed (p95 wanted below 50)", ZOOMS)
        whole = shared_borders(stack, release, requests)
        begun = time.monotonic()
        said = stack.importer("tiles", "--max-zoom", str(STORED_ZOOM))
        print(f"zooms 0 to {STORED_ZOOM} stored in {time.monotonic() - begun:.1f} s: {said.splitlines()[-1]}")
        latencies(stack, release, requests, "stored (median wanted below 5)", range(STORED_ZOOM + 1))
        print("warm cache of nginx against a static file of the same bytes (wanted at least 0.80):")
        common = [Counter(addresses(places(stack, 500), zoom)).most_common(1)[0][0] for zoom in (4, 7, 12)]
        for address in common:
            cache_against_file(stack, release, address, rounds)
        return whole


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--zones", type=Path, help="a file of the extractor, .jsonl.gz (else made-up zones)")
    arguments.add_argument("--requests", type=int, default=60, help="tiles of each zoom that are timed")
    arguments.add_argument("--rounds", type=int, default=7, help="pairs of cache and file")
    options = arguments.parse_args()
    sys.exit(0 if run(options.zones, options.requests, options.rounds) else 1)
