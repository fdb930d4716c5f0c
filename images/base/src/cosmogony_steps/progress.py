# SPDX-License-Identifier: Apache-2.0
"""Progress of a step: a sign of life for its watch, Argo's progress file (``N/M``), and lines in the log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import heartbeat, log


class Progress:
    """Counts the work that a step has done, also in several threads. Each change is a sign of life."""

    def __init__(
        self,
        subject: str,
        total: int | None = None,
        *,
        share: tuple[int, int] | None = None,
        format_amount: Callable[[float], str] = log.format_bytes,
        path: str | None = None,
        line_every: float = 10.0,
        file_every: float = 1.0,
    ) -> None:
        """Start to count work, of which nothing is done yet.

        Args:
            subject: what is worked on, for the log.
            total: how much there is in all; None or 0 when that is not known.
            share: from and to, in per cent of the step; None when this work is the whole step.
            format_amount: how amounts are written in the log; the default takes them for bytes.
            path: of Argo's progress file; None takes ARGO_PROGRESS_FILE.
            line_every: shortest time between two lines of the log, in seconds.
            file_every: shortest time between two writes of the file, in seconds.
        """
        self.subject = subject
        self.total = total or 0
        self.done = 0
        self._share = share
        self._format = format_amount
        self._path = path if path is not None else os.environ.get("ARGO_PROGRESS_FILE", "")
        self._line_every = line_every
        self._file_every = file_every
        self._began = self._last_line = self._last_file = time.monotonic()
        self._lock = threading.Lock()
        heartbeat.beat(subject, 0, self.total)
        self._write()

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self._began

    def advance(self, count: int = 1) -> None:
        """Add `count` to the amount of work that is done."""
        with self._lock:
            self._set(self.done + count)

    def set(self, done: int, total: int | None = None) -> None:
        """Set the amount of work that is done and, if it has become known, the amount in all."""
        with self._lock:
            if total is not None:
                self.total = total
            self._set(done)

    def end(self) -> None:
        """Write the final amount to Argo's progress file, whatever the pause between two writes."""
        with self._lock:
            self.total = max(self.total, self.done)
            self._write()

    def describe(self) -> str:
        """Return a line for the log: amount done, amount in all, and rate per second."""
        rate = self.done / max(self.elapsed_seconds, 0.001)
        of = f" of {self._format(self.total)} ({100 * self.done // self.total} %)" if self.total else ""
        return f"{self.subject}: {self._format(self.done)}{of}, {self._format(rate)}/s"

    def _set(self, done: int) -> None:
        if done != self.done:
            self.done = done
            heartbeat.beat(self.subject, done, self.total)
        now = time.monotonic()
        if now - self._last_file >= self._file_every:
            self._last_file = now
            self._write()
        if now - self._last_line >= self._line_every:
            self._last_line = now
            log.info(self.describe())

    def _write(self) -> None:
        if not self._path:
            return
        done, total = min(self.done, self.total), self.total
        if self._share:
            first, last = self._share
            done, total = first + (last - first) * done // (total or 1), 100
        if not total:
            return
        try:
            Path(self._path).write_text(f"{done}/{total}\n", encoding="ascii")
        except OSError as cause:
            log.warn(f"progress file {self._path} cannot be written ({cause}); continuing without it")
            self._path = ""
