# SPDX-License-Identifier: Apache-2.0
"""Clients that use the site without pause and notice what they should never see."""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import threading
import time
from dataclasses import dataclass, field

NAMES = re.compile(rb"(?:Land|City \d+) (r\d\d)")
TILES = [(z, x, y) for z in range(4, 9) for x, y in {((1 << z) // 2, (1 << z) // 2 - 1)}] + [
    (9, 257, 253),
    (10, 515, 508),
]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int, timeout: float = 20) -> None:
        self.port, self.timeout = port, timeout
        self.http: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        if self.http is None:
            self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        start = time.perf_counter()
        try:
            self.http.request("GET", path)
            response = self.http.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.http = None
            raise
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body, time.perf_counter() - start)


@dataclass
class Phase:
    """What was measured under one name."""

    name: str
    tiles: list[float] = field(default_factory=list)
    zones: list[float] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def milliseconds(values: list[float]) -> tuple[float, float, float]:
    if not values:
        return (float("nan"),) * 3
    return 1000 * statistics.median(values), 1000 * percentile(values, 0.99), 1000 * max(values)


class Client(threading.Thread):
    """Asks which release is live, then for its tiles by their versioned URL, for live tiles and for zones."""

    def __init__(self, port: int, marks: dict[str, str], phase: list[Phase], seed: int) -> None:
        super().__init__(daemon=True)
        self.connection, self.marks, self.phase = Connection(port), marks, phase
        self.random, self.stopping = random.Random(seed), threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            phase = self.phase[-1]
            try:
                self.turn(phase)
            except Exception as error:  # whatever it is, a user would have seen it
                phase.wrong.append(f"{type(error).__name__}: {error}")

    def turn(self, phase: Phase) -> None:
        described = self.connection.get("/tiles/cosmogony.json")
        if described.status != 200:
            phase.wrong.append(f"/tiles/cosmogony.json: {described.status}")
            return
        template = json.loads(described.body)["tiles"][0]
        release = template.rsplit("v=", 1)[1]
        phase.releases.add(release)
        for _ in range(6):
            self.versioned(phase, release)
        self.live(phase)
        self.zone(phase)

    def versioned(self, phase: Phase, release: str) -> None:
        path = "/tiles/cosmogony/{}/{}/{}.pbf?v={}".format(*self.random.choice(TILES), release)
        answer = self.connection.get(path)
        phase.tiles.append(answer.seconds)
        found = {mark.decode() for mark in NAMES.findall(answer.body)}
        if answer.status != 200 or found != {self.marks[release]}:
            phase.wrong.append(f"{path}: {answer.status} {sorted(found)}, wanted {self.marks[release]}")
        elif "immutable" not in answer.headers.get("cache-control", ""):
            phase.wrong.append(f"{path}: cache-control {answer.headers.get('cache-control')}")

    def live(self, phase: Phase) -> None:
        path = "/tiles/cosmogony/{}/{}/{}.pbf".format(*self.random.choice(TILES))
        answer = self.connection.get(path)
        found = {mark.decode() for mark in NAMES.findall(answer.body)}
        if answer.status != 200 or len(found) != 1 or answer.headers.get("cache-control") != "max-age=300":
            phase.wrong.append(f"{path}: {answer.status} {sorted(found)} {answer.headers.get('cache-control')}")

    def zone(self, phase: Phase) -> None:
        answer = self.connection.get("/api/zones/0")
        phase.zones.append(answer.seconds)
        if answer.status != 200:
            phase.wrong.append(f"/api/zones/0: {answer.status}")
            return
        found = {mark.decode() for mark in NAMES.findall(answer.body)}
        release = answer.headers.get("x-cosmogony-release", "")
        if found != {self.marks.get(release)}:
            phase.wrong.append(f"/api/zones/0: {sorted(found)} of release {release}")
