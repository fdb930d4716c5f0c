# SPDX-License-Identifier: Apache-2.0
"""A service that finds places by point and by name, started over an extract, and what it costs to ask it."""

from __future__ import annotations

import os
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from clients import Answer, Connection, percentile
from cosmogony_steps.process_stacks import list_descendants
from services import postgis

READY_SECONDS = 60


def measure_processor(roots: Sequence[int]) -> float:
    """Seconds of processor that processes, and all that they started, have used so far."""
    ticks = 0
    for root in roots:
        for pid in (root, *list_descendants(root)):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended, and its parent counts it
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_load(server: postgis.Server) -> float:
    """Seconds of processor so far of a database, and of the programs that this process has run."""
    if server.process is None:
        raise RuntimeError("processors are counted on this machine only: unset TEST_POSTGRES_HOST")
    spent = os.times()
    return spent.children_user + spent.children_system + measure_processor([server.process.pid])


@dataclass
class Side:
    """A running service.

    Attributes:
        name: for the tables.
        url: of the service.
        roots: processes that, with all that they started, do its work: the service itself and its database.
        load_seconds: from the extract to a database that can be asked.
        load_processor: seconds of processor of that.
        answer_seconds: from the extract to the first answer.
        extractor_seconds: of these, for making zones of the extract; 0 where that is not a separate step.
        disk: bytes of the database.
        reverse: path for a latitude and a longitude.
        search: path for a text.
        read_first: takes the body of an answer to a search; returns the first place (osm_id, name), or None.
    """

    name: str
    url: str
    roots: Sequence[int]
    load_seconds: float
    load_processor: float
    answer_seconds: float
    disk: int
    reverse: str
    search: str
    read_first: Callable[[bytes], dict[str, Any] | None]
    extractor_seconds: float = 0

    def list_points(self, points: Sequence[tuple[float, float]]) -> list[str]:
        """The paths that ask for these points, longitude first."""
        return [self.reverse.format(lon=lon, lat=lat) for lon, lat in points]

    def list_searches(self, texts: Sequence[str]) -> list[str]:
        """The paths that ask for these names."""
        return [self.search.format(text=quote(text)) for text in texts]

    def measure_processor(self) -> float:
        """Seconds of processor that it has used so far."""
        return measure_processor(self.roots)


@dataclass
class Figures:
    """What some rounds of requests took."""

    requests: int = 0
    seconds: float = 0
    processor: float = 0
    times: list[float] = field(default_factory=list)  # seconds of each

    def add(self, requests: int, seconds: float, processor: float) -> None:
        """Count requests that took so long altogether."""
        self.requests += requests
        self.seconds += seconds
        self.processor += processor

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def per_processor_second(self) -> float:
        return self.requests / self.processor

    def describe(self) -> str:
        """Rate, median, 95th and 99th percentile, requests per second of processor."""
        median, p95, p99 = (
            1000 * one
            for one in (statistics.median(self.times), percentile(self.times, 0.95), percentile(self.times, 0.99))
        )
        return f"{self.rate:9.0f} {median:9.1f} {p95:9.1f} {p99:9.1f} {self.per_processor_second:14.0f}"


def ask(side: Side, paths: Sequence[str], connections: int, figures: Figures) -> None:
    """Send requests over some connections that stay open, each the next one as soon as it has an answer."""
    wrong: list[Answer] = []
    port = urlsplit(side.url).port or 0

    def run(own: Sequence[str]) -> None:
        connection = Connection(port, timeout=120)
        for path in own:
            answer = connection.get(path)
            figures.times.append(answer.seconds)
            if answer.status != 200:
                wrong.append(answer)

    threads = [threading.Thread(target=run, args=(paths[begin::connections],)) for begin in range(connections)]
    used, begun, answered = side.measure_processor(), time.monotonic(), len(figures.times)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures.add(len(paths), time.monotonic() - begun, side.measure_processor() - used)
    if wrong or len(figures.times) - answered != len(paths):
        shown = f": {wrong[0].status} {wrong[0].body[:200]!r}" if wrong else ""
        raise RuntimeError(f"{side.name}: not all requests were answered{shown}")


def wait_for_answer(url: str) -> None:
    """Wait until an address answers with 200."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer: {error}") from error
            time.sleep(0.05)


def measure_disk(server: postgis.Server, database: str) -> int:
    """Bytes of a database, with everything in it written."""
    with server.connect(database) as connection:
        connection.execute("CHECKPOINT")
        (size,) = connection.execute("SELECT pg_database_size(%s)", (database,)).fetchone()
    return int(size)
