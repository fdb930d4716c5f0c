# SPDX-License-Identifier: Apache-2.0
"""Asks a running Cosmogony site what its users ask it: page, release, tiles, zones, statistics.

Every question is repeated until its answer is correct or the time is over. Only the standard library is needed.
Exit code: 0 all answered, 1 something was wrong, 2 wrong arguments, 3 no release is live.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Answer = TypeVar("Answer")
LAYER = b"vector-zones"
REQUEST_SECONDS = 20.0
TILES_OF_A_ZOOM = 12
WHOLE_WORLD = [-180.0, -85.0, 180.0, 85.0]


class WrongAnswerError(Exception):
    """The site did not answer, or answered something wrong; asking again may help."""


class UnreachableError(WrongAnswerError):
    """There is no connection to the site: its name is unknown, or no server accepts connections."""


class NoReleaseError(Exception):
    """The site answers, but no release of data has been published yet."""


class Site:
    """Sends HTTP requests to one site."""

    def __init__(
        self, url: str, request_timeout: float = REQUEST_SECONDS, context: ssl.SSLContext | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.request_timeout = request_timeout
        self.context = context  # which certificates are trusted; None: those of the system

    def get(self, path: str) -> tuple[int, bytes]:
        """Send a GET for a path of the site; return status and body of the answer.

        Raises:
            UnreachableError: there is no connection.
            WrongAnswerError: there is no answer.
        """
        request = urllib.request.Request(self.url + path, headers={"User-Agent": "cosmogony-verify"})  # noqa: S310
        try:
            with urllib.request.urlopen(  # noqa: S310
                request, timeout=self.request_timeout, context=self.context
            ) as answer:
                body = answer.read()
                return answer.status, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            # urllib raises URLError until the request is sent, and anything else afterwards.
            unreachable = isinstance(error, urllib.error.URLError) and not isinstance(reason, ssl.SSLError)
            kind = UnreachableError if unreachable else WrongAnswerError
            raise kind(f"GET {path}: {reason}") from error

    def get_content(self, path: str) -> bytes:
        """Return the body of a page or file of the site; a status other than 200 is an error."""
        status, body = self.get(path)
        if status != 200:
            raise WrongAnswerError(f"GET {path}: HTTP {status} {body[:200].decode(errors='replace').strip()}".rstrip())
        return body

    def get_json(self, path: str) -> Any:
        """Return a parsed JSON document of the site; a status other than 200 is an error."""
        body = self.get_content(path)
        try:
            return json.loads(body)
        except ValueError as error:
            raise WrongAnswerError(f"GET {path}: not JSON ({error})") from error


def _check_page(site: Site) -> str:
    """Check the start page; return its size as text."""
    body = site.get_content("/")
    if b"<html" not in body.lower():
        raise WrongAnswerError("GET /: not an HTML page")
    return f"{len(body)} bytes"


def get_live_release(site: Site) -> str:
    """Return the id of the live release."""
    path = "/api/release"
    if site.get(path)[0] == 404:
        raise NoReleaseError(f"GET {path}: no release is live yet")
    answer = site.get_json(path)
    try:
        return str(answer["id"])
    except (KeyError, TypeError) as error:
        raise WrongAnswerError(f"GET {path}: no id in the answer ({error})") from error


def get_tilejson(site: Site, live: str) -> dict[str, Any]:
    """Return the TileJSON of the site; check that its tile URL names the live release."""
    path = "/tiles/cosmogony.json"
    answer: dict[str, Any] = site.get_json(path)
    tiles = answer.get("tiles") if isinstance(answer, dict) else None
    if not tiles or not isinstance(tiles[0], str):
        raise WrongAnswerError(f"GET {path}: no tile address in the answer")
    if f"v={live}" not in tiles[0]:
        raise WrongAnswerError(f"GET {path}: the tile address {tiles[0]} does not name the live release {live}")
    return answer


def _find_tile(site: Site, bounds: list[float], live: str) -> tuple[str, list[int]]:
    """Find a tile that contains zones; return its path and the ids of the zones.

    Args:
        site: The site.
        bounds: West, south, east and north of the zones, in degrees.
        live: The id of the live release.
    """
    seen = []
    for z, x, y in _list_candidate_tiles(bounds):
        path = f"/tiles/cosmogony/{z}/{x}/{y}.pbf?v={live}"
        status, body = site.get(path)
        seen.append(f"{z}/{x}/{y}: HTTP {status}")
        if status not in (200, 204):
            raise WrongAnswerError(f"GET {path}: HTTP {status}")
        if ids := _read_feature_ids(body):
            return path, ids
    raise WrongAnswerError(f"no tile with zones within the bounds {bounds} ({', '.join(seen)})")


def _check_zone(site: Site, zone_id: int) -> str:
    """Check the API's answers about a zone, its parents and its children; return a summary as text."""
    path = f"/api/zones/{zone_id}"
    answer = site.get_json(path)
    try:
        zone = answer["zone"]
        if zone["id"] != zone_id:
            raise WrongAnswerError(f"GET {path}: zone {zone['id']} instead")
        parents = site.get_json(f"{path}/parents")["parents"]
        return f"{zone['name']} ({zone['zone_type']}), {len(parents)} parents, {len(answer['children'])} children"
    except (KeyError, TypeError) as error:
        raise WrongAnswerError(f"GET {path}: {error!r} is missing in the answer") from error


def _check_statistics(site: Site) -> str:
    """Check the statistics of the dashboard; return the number of expected counts as text."""
    path = "/data/test_results.json"
    answer = site.get_json(path)
    if not isinstance(answer, list):
        raise WrongAnswerError(f"GET {path}: not a list")
    return f"{len(answer)} expectations"


def _list_candidate_tiles(bounds: list[float]) -> Iterator[tuple[int, int, int]]:
    """Yield zoom, column and row of tiles within the bounds, zoom by zoom, those in the middle first.

    The first zoom is the one at which the bounds fill about one tile.
    """
    west, south, east, north = bounds
    width, height = (east - west) / 360, abs(_to_mercator_y(south) - _to_mercator_y(north))
    fit = min(14, max(0, math.floor(-math.log2(max(width, height, 1e-9)))))
    for z in (fit, fit + 1, fit + 2):
        x, y = _to_tile_column(west, z), _to_tile_row(north, z)
        found = [
            (z, a, b) for b in range(y, _to_tile_row(south, z) + 1) for a in range(x, _to_tile_column(east, z) + 1)
        ]
        middle = (_to_tile_column((west + east) / 2, z), _to_tile_row((south + north) / 2, z))
        found.sort(key=lambda t: abs(t[1] - middle[0]) + abs(t[2] - middle[1]))
        yield from found[:TILES_OF_A_ZOOM]


def _to_mercator_y(latitude: float) -> float:
    """Return where a latitude in degrees is in Web Mercator: 0 at the north edge of the map, 1 at the south."""
    latitude = math.radians(max(-85.0511, min(85.0511, latitude)))
    return (1 - math.asinh(math.tan(latitude)) / math.pi) / 2


def _to_tile_column(longitude: float, zoom: int) -> int:
    """Return the column, at a zoom, of the tiles that contain a longitude in degrees."""
    return min((1 << zoom) - 1, max(0, math.floor((longitude + 180) / 360 * (1 << zoom))))


def _to_tile_row(latitude: float, zoom: int) -> int:
    """Return the row, at a zoom, of the tiles that contain a latitude in degrees."""
    return min((1 << zoom) - 1, max(0, math.floor(_to_mercator_y(latitude) * (1 << zoom))))


def _read_feature_ids(tile: bytes) -> list[int]:
    """Return the ids of the zones in a tile (protobuf: Tile.layers=3, Layer.name=1 .features=2, Feature.id=1)."""
    ids = []
    for number, content in _read_protobuf(tile):
        if number != 3 or not isinstance(content, bytes):
            continue
        parts = list(_read_protobuf(content))
        if (1, LAYER) not in parts:
            continue
        for part, feature in parts:
            if part == 2 and isinstance(feature, bytes):
                ids += [value for key, value in _read_protobuf(feature) if key == 1 and isinstance(value, int)][:1]
    return ids


def _read_protobuf(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a protobuf message; only varints are numbers."""
    position = 0

    def read_varint() -> int:
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
        key = read_varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, read_varint()
            continue
        if kind not in (1, 2, 5):
            raise WrongAnswerError(f"the tile is not a vector tile (wire type {kind})")
        length = read_varint() if kind == 2 else 8 if kind == 1 else 4
        yield key >> 3, message[position : position + length]
        position += length


def _ask_until_correct(question: Callable[[], Answer], deadline: float, interval: float) -> Answer:
    """Repeat a check of the site until it succeeds or the time is over; return its result.

    Args:
        question: Returns the answer, or raises WrongAnswerError.
        deadline: When to give up, as `time.monotonic` counts.
        interval: Seconds between two attempts.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return question()
        except WrongAnswerError as error:
            if time.monotonic() + interval > deadline:
                raise WrongAnswerError(f"{error} ({attempt} attempts)") from error
            time.sleep(interval)


def verify_site(site: Site, timeout: float, interval: float) -> Iterator[str]:
    """Run all checks of the site one after the other, and yield a line for each that succeeds.

    Raises:
        NoReleaseError: no release is live.
        WrongAnswerError: an answer was not correct within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout

    def ask(question: Callable[[], Answer]) -> Answer:
        return _ask_until_correct(question, deadline, interval)

    yield f"ok page: {ask(lambda: _check_page(site))}"
    live = ask(lambda: get_live_release(site))
    yield f"ok release: {live}"
    description = ask(lambda: get_tilejson(site, live))
    yield f"ok tilejson: {description['tiles'][0]}"
    path, ids = ask(lambda: _find_tile(site, description.get("bounds") or WHOLE_WORLD, live))
    yield f"ok tile: {path}, {len(ids)} zones"
    yield f"ok zone: {ask(lambda: _check_zone(site, ids[0]))}"
    yield f"ok statistics: {ask(lambda: _check_statistics(site))}"


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of the site, such as https://cosmogony.example.org")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for all questions together (default 60)")
    parser.add_argument("--interval", type=float, default=2, help="seconds between two attempts (default 2)")
    arguments = parser.parse_args()
    try:
        for line in verify_site(Site(arguments.url), arguments.timeout, arguments.interval):
            print(line)
    except NoReleaseError as error:
        print(f"none: {error}")
        return 3
    except WrongAnswerError as error:
        print(f"wrong: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
