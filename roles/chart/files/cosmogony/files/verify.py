#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a running Cosmogony site what its users ask it: page, release, tiles, zones, statistics.

Every question is repeated until it is answered rightly or the time is over. Only the standard library is needed.
Exit code: 0 all answered, 1 something was wrong, 2 wrong arguments, 3 no release is live.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Answer = TypeVar("Answer")
LAYER = "vector-zones"


class WrongAnswerError(Exception):
    """The site answered, but not what it should; or it did not answer."""


class NoReleaseError(Exception):
    """The site is up, and nothing has been published yet."""


class Site:
    """Asks one site over HTTP."""

    def __init__(self, url: str, request_timeout: float = 20.0) -> None:
        self.url = url.rstrip("/")
        self.request_timeout = request_timeout

    def get(self, path: str) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, headers={"User-Agent": "cosmogony-verify"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.request_timeout) as answer:  # noqa: S310
                body = answer.read()
                return answer.status, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (OSError, ValueError) as error:
            raise WrongAnswerError(f"GET {path}: {getattr(error, 'reason', error)}") from error

    def content(self, path: str) -> bytes:
        status, body = self.get(path)
        if status != 200:
            raise WrongAnswerError(f"GET {path}: HTTP {status} {body[:200].decode(errors='replace').strip()}".rstrip())
        return body

    def json(self, path: str) -> Any:
        body = self.content(path)
        try:
            return json.loads(body)
        except ValueError as error:
            raise WrongAnswerError(f"GET {path}: not JSON ({error})") from error


def page(site: Site) -> str:
    body = site.content("/")
    if b"<html" not in body.lower():
        raise WrongAnswerError("GET /: not an HTML page")
    return f"{len(body)} bytes"


def release(site: Site) -> str:
    status, body = site.get("/api/release")
    if status == 404:
        raise NoReleaseError("GET /api/release: no release is live yet")
    if status != 200:
        raise WrongAnswerError(
            f"GET /api/release: HTTP {status} {body[:200].decode(errors='replace').strip()}".rstrip()
        )
    try:
        name = json.loads(body)["id"]
    except (ValueError, KeyError, TypeError) as error:
        raise WrongAnswerError(f"GET /api/release: no id in the answer ({error})") from error
    return str(name)


def tilejson(site: Site, live: str) -> dict[str, Any]:
    path = "/tiles/cosmogony.json"
    answer = site.json(path)
    tiles = answer.get("tiles") if isinstance(answer, dict) else None
    if not tiles or not isinstance(tiles[0], str):
        raise WrongAnswerError(f"GET {path}: no tile address in the answer")
    if f"v={live}" not in tiles[0]:
        raise WrongAnswerError(f"GET {path}: the tile address {tiles[0]} does not name the live release {live}")
    return answer


def tile(site: Site, bounds: list[float], live: str) -> tuple[str, list[int]]:
    """A tile with zones in it, and their ids; the site's bounds tell where to look."""
    looked = []
    for z, x, y in tiles_within(bounds):
        path = f"/tiles/cosmogony/{z}/{x}/{y}.pbf?v={live}"
        status, body = site.get(path)
        looked.append(f"{z}/{x}/{y}: HTTP {status}")
        if status == 204 or (status == 200 and not body):
            continue
        if status != 200:
            raise WrongAnswerError(f"GET {path}: HTTP {status}")
        ids = feature_ids(body, LAYER)
        if ids:
            return path, ids
    raise WrongAnswerError(f"no tile with zones within the bounds {bounds} ({', '.join(looked)})")


def zone(site: Site, ids: list[int]) -> str:
    path = f"/api/zones/{ids[0]}"
    answer = site.json(path)
    try:
        found = answer["zone"]
        if found["id"] != ids[0]:
            raise WrongAnswerError(f"GET {path}: zone {found['id']} instead")
        parents = site.json(f"{path}/parents")["parents"]
    except (KeyError, TypeError) as error:
        raise WrongAnswerError(f"GET {path}: {error!r} is missing in the answer") from error
    return f"{found['name']} ({found['zone_type']}), {len(parents)} parents, {len(answer['children'])} children"


def statistics(site: Site) -> str:
    path = "/data/test_results.json"
    answer = site.json(path)
    if not isinstance(answer, list):
        raise WrongAnswerError(f"GET {path}: not a list")
    return f"{len(answer)} expectations"


def tiles_within(bounds: list[float], most: int = 12) -> Iterator[tuple[int, int, int]]:
    """Tiles that cover the bounds: first the zoom at which they fill about one tile, then larger ones."""
    west, south, east, north = bounds
    width, height = (east - west) / 360, abs(mercator(south) - mercator(north))
    fit = min(14, max(0, math.floor(-math.log2(max(width, height, 1e-9)))))
    for z in (fit, fit + 1, fit + 2):
        x, y = column(west, z), row(north, z)
        found = [(z, a, b) for b in range(y, row(south, z) + 1) for a in range(x, column(east, z) + 1)]
        middle = (column((west + east) / 2, z), row((south + north) / 2, z))
        found.sort(key=lambda t: abs(t[1] - middle[0]) + abs(t[2] - middle[1]))
        yield from found[:most]


def mercator(latitude: float) -> float:
    latitude = math.radians(max(-85.0511, min(85.0511, latitude)))
    return (1 - math.asinh(math.tan(latitude)) / math.pi) / 2


def column(longitude: float, zoom: int) -> int:
    return min(2**zoom - 1, max(0, math.floor((longitude + 180) / 360 * 2**zoom)))


def row(latitude: float, zoom: int) -> int:
    return min(2**zoom - 1, max(0, math.floor(mercator(latitude) * 2**zoom)))


def feature_ids(tile_body: bytes, layer: str) -> list[int]:
    """Ids of the features of one layer of a vector tile (protobuf: Tile.layers=3, Layer.name=1 .features=2, id=1)."""
    ids = []
    for number, content in fields(tile_body):
        if number != 3 or not isinstance(content, bytes):
            continue
        parts = list(fields(content))
        if (1, layer.encode()) not in parts:
            continue
        for part, feature in parts:
            if part == 2 and isinstance(feature, bytes):
                ids += [value for key, value in fields(feature) if key == 1 and isinstance(value, int)][:1]
    return ids


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            if position >= len(message):
                raise WrongAnswerError("the tile is not a vector tile (it ends too early)")
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while position < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        if kind not in (1, 2, 5):
            raise WrongAnswerError(f"the tile is not a vector tile (wire type {kind})")
        length = varint() if kind == 2 else 8 if kind == 1 else 4
        yield key >> 3, message[position : position + length]
        position += length


class Asker:
    """Repeats a question until its answer is right or the time is over."""

    def __init__(self, timeout: float, interval: float) -> None:
        self.end = time.monotonic() + timeout
        self.interval = interval

    def ask(self, question: Callable[[], Answer]) -> Answer:
        attempt = 0
        while True:
            attempt += 1
            try:
                return question()
            except WrongAnswerError as error:
                if time.monotonic() + self.interval > self.end:
                    raise WrongAnswerError(f"{error} ({attempt} attempts)") from error
                time.sleep(self.interval)


def verify(site: Site, asker: Asker, say: Callable[[str, str], None]) -> None:
    say("page", asker.ask(lambda: page(site)))
    live = asker.ask(lambda: release(site))
    say("release", live)
    description = asker.ask(lambda: tilejson(site, live))
    say("tilejson", description["tiles"][0])
    bounds = description.get("bounds") or [-180, -85, 180, 85]
    path, ids = asker.ask(lambda: tile(site, bounds, live))
    say("tile", f"{path}, {len(ids)} zones")
    say("zone", asker.ask(lambda: zone(site, ids)))
    say("statistics", asker.ask(lambda: statistics(site)))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of the site, such as https://cosmogony.example.org")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for all questions together (default 60)")
    parser.add_argument("--interval", type=float, default=2, help="seconds between two attempts (default 2)")
    arguments = parser.parse_args(argv)
    try:
        verify(Site(arguments.url), Asker(arguments.timeout, arguments.interval), lambda w, a: print(f"ok {w}: {a}"))
    except NoReleaseError as error:
        print(f"none: {error}")
        return 3
    except WrongAnswerError as error:
        print(f"wrong: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
