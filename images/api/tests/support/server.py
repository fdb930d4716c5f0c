# SPDX-License-Identifier: Apache-2.0
"""Gunicorn with the settings of the image, on other ports."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import free_port


@dataclass
class Server:
    """A running server.

    Attributes:
        url: of the API.
        metrics_url: of its metrics.
        process: the master process.
        log: what it wrote.
    """

    url: str
    metrics_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def read_metrics(self) -> dict[str, float]:
        """The value of each series, by its name and labels as they are written."""
        with urllib.request.urlopen(self.metrics_url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def measure_memory(self) -> int:
        """Bytes that the worker processes use (proportional set size)."""
        return sum(_measure(pid) for pid in self._list_workers())

    def _list_workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


def _measure(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no Pss of process {pid}")


@contextmanager
def run_server(environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Run the server until the block ends."""
    port, metrics = free_port(), free_port()
    path = folder / "log"
    with path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "python:cosmogony_api.gunicorn_config",
             "--bind", f"127.0.0.1:{port}", "cosmogony_api.app:create_app()"],
            env={**os.environ, "WEB_CONCURRENCY": "2", "METRICS_PORT": str(metrics),
                 "PYTHONPATH": str(Path(__file__).parents[2] / "src"), **environment},
            stderr=log, stdout=log, cwd=folder,
        )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics}/metrics", process, path)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{server.url}/health/live", timeout=10):
                return
        except OSError:
            assert server.process.poll() is None, server.log.read_text()
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.1)
