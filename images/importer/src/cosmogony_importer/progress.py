# SPDX-License-Identifier: Apache-2.0
"""Progress for people (lines on standard output) and for Argo (its progress file)."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path


def say(text: str) -> None:
    print(text, flush=True)


def note(text: str) -> None:
    """For people only: standard output may be read by a program."""
    print(text, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Hours, minutes, seconds as the original importer wrote them."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


class Progress:
    """Counts up to a total; at most one line and one write of Argo's file every `interval` seconds.

    `part` is the share of a step's work in per cent, from and to, when there is more than this to do in the step.
    """

    def __init__(self, what: str, total: int = 0, part: tuple[int, int] | None = None, interval: float = 5.0) -> None:
        self.what, self.total, self.part, self.interval = what, total, part, interval
        self.done = 0
        self.start = time.monotonic()
        self._last = self.start
        path = os.environ.get("ARGO_PROGRESS_FILE")
        self._file = Path(path) if path else None
        self._lock = threading.Lock()
        self._argo()

    def advance(self, count: int = 1) -> None:
        with self._lock:
            self.done += count
            now = time.monotonic()
            if now - self._last >= self.interval:
                self._last = now
                self._argo()
                say(self.line())

    def line(self) -> str:
        spent = time.monotonic() - self.start
        if not self.total:
            return f"{self.what}: {self.done} in {duration(spent)}"
        text = f"{self.what}: {self.done} of {self.total} ({100 * self.done // self.total} %) in {duration(spent)}"
        if 0 < self.done < self.total:
            text += f", about {duration(spent / self.done * (self.total - self.done))} left"
        return text

    def end(self) -> None:
        self.total = max(self.total, self.done)
        self._argo()

    def _argo(self) -> None:
        if not self._file:
            return
        done, total = min(self.done, self.total), self.total
        if self.part:
            first, last = self.part
            done, total = first + (last - first) * done // (total or 1), 100
        if not total:
            return
        try:
            self._file.write_text(f"{done}/{total}\n")
        except OSError as error:
            note(f"progress file {self._file} cannot be written: {error}; going on without it")
            self._file = None


def write_outputs(folder: str, values: dict[str, object]) -> None:
    """Write output parameters of a step, one file a value."""
    base = Path(folder)
    base.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (base / name).write_text(str(value))
