# SPDX-License-Identifier: Apache-2.0
"""Asks the site all the time what it serves, as its users do."""

from __future__ import annotations

import json
import math
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, headers and body, errors included; status 0 means no answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """The site of the scenario."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> Answer:
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())
        except OSError as error:
            return Answer(0, {}, str(error).encode())

    def tilejson(self) -> dict[str, Any]:
        answer = self.get("/tiles/cosmogony.json")
        assert answer.status == 200, answer
        return answer.json()

    def release(self) -> str:
        return self.tilejson()["tiles"][0].partition("?v=")[2]

    def tile(self, zoom: int, *, version: str = "") -> str:
        """Path of the tile in the middle of the release."""
        west, south, east, north = self.tilejson()["bounds"]
        lng, lat, n = (west + east) / 2, (south + north) / 2, 2**zoom
        x = int((lng + 180) / 360 * n)
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
        return f"/tiles/cosmogony/{zoom}/{x}/{y}.pbf" + (f"?v={version}" if version else "")

    def zone(self, osm_id: str) -> dict[str, Any] | None:
        """A zone as the API knows it."""
        answer = self.get(f"/api/zones/osm/{osm_id}")
        return answer.json()["zone"] if answer.status == 200 else None


@dataclass
class Look:
    """What was seen at one moment."""

    at: float
    page: int
    api: int
    cached_tile: int
    other_tile: int
    release: str
    retry_after: bool


class Watch:
    """Looks every INTERVAL seconds in a separate thread, from start to end."""

    def __init__(self, site: Site, *, interval: float = 0.5) -> None:
        self.site = site
        self.interval = interval
        self.looks: list[Look] = []
        release = site.release()
        self._cached = site.tile(6, version=release)
        assert site.get(self._cached).status == 200, self._cached
        self._other = site.tile(5)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watch")

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def look(self) -> Look:
        at = time.monotonic()
        page, cached, other = (self.site.get(path) for path in ("/", self._cached, self._other))
        api = self.site.get("/tiles/cosmogony.json")
        release = api.json()["tiles"][0].partition("?v=")[2] if api.status == 200 else ""
        away = [answer for answer in (api, other) if answer.status == 503]
        return Look(
            at, page.status, api.status, cached.status, other.status, release,
            all(answer.headers.get("Retry-After") for answer in away),
        )  # fmt: skip

    def _run(self) -> None:
        while not self._stop.wait(self.interval):
            self.looks.append(self.look())

    def releases(self) -> list[str]:
        """Releases that were live, in order."""
        seen: list[str] = []
        for look in self.looks:
            if look.release and look.release not in seen[-1:]:
                seen.append(look.release)
        return seen

    def troubles(self, allowed: Callable[[Look], bool] = lambda look: False) -> list[Look]:
        """Looks at which anything was not as it should be."""
        return [
            look
            for look in self.looks
            if (look.page, look.api, look.cached_tile, look.other_tile) != (200, 200, 200, 200) and not allowed(look)
        ]
