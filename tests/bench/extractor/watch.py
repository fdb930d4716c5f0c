# SPDX-License-Identifier: Apache-2.0
"""Run a program and see how much time and memory it takes, its children included.

Memory is the proportional set size (PSS): a page that two processes share counts half for each, so the sum over the
processes is what the machine really gives.
"""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.05
_LIMIT = 3600  # seconds for one run


@dataclass(frozen=True)
class Usage:
    """What a run took."""

    seconds: float
    cpu_seconds: float
    peak_pss_mb: float
    output: str


def run(command: Sequence[str], environment: dict[str, str]) -> Usage:
    """Run to the end, within an hour; an error of the program is an error here."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        if time.perf_counter() - began > _LIMIT:
            process.kill()
            raise SystemExit(f"{' '.join(command)} has not ended within {_LIMIT} s")
        peak = max(peak, sum(map(_pss, _tree(process.pid))))
        time.sleep(_PAUSE)
    seconds = time.perf_counter() - began
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(seconds, cpu, peak / 1024, output)


def _tree(root: int) -> list[int]:
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                queue += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss(pid: int) -> int:
    """In KiB; 0 for a process that is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def machine() -> str:
    """Cores and load, for the head of a table."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, load {load}"
