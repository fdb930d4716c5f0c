# SPDX-License-Identifier: Apache-2.0
"""Progress of a step: for its watch, for Argo (the progress file, ``N/M``) and for people (a line now and then)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import heartbeat, log


class Progress:
    """Counts the work up to a total; may be used by several threads.

    Each change of the count is a sign of life for the watch. The file is written at most every `file_every` seconds and
    a line at most every `line_every` seconds. `part` is the share that this work has in the step, from and to, in per
    cent; without it the work is the whole step.
    """

    def __init__(
        self,
        subject: str,
        total: int | None = None,
        *,
        part: tuple[int, int] | None = None,
        show: Callable[[float], str] = log.human_bytes,
        say: Callable[[str], None] = log.info,
        path: str | None = None,
        line_every: float = 10.0,
        file_every: float = 1.0,
    ) -> None:
        self.subject = subject
        self.total = total or 0
        self.done = 0
        self._part = part
        self._show = show
        self._say = say
        self._path = path if path is not None else os.environ.get("ARGO_PROGRESS_FILE", "")
        self._line_every = line_every
        self._file_every = file_every
        self._began = self._last_line = self._last_file = time.monotonic()
        self._lock = threading.Lock()
        heartbeat.beat(subject, 0, self.total)
        self._write()

    @property
    def seconds(self) -> float:
        """How long the work has taken so far."""
        return time.monotonic() - self._began

    def advance(self, count: int = 1) -> None:
        """Count work that was done."""
        with self._lock:
            self._set(self.done + count)

    def set(self, done: int, total: int | None = None) -> None:
        """Say how much is done by now, and how much it is in all where that has become known."""
        with self._lock:
            if total is not None:
                self.total = total
            self._set(done)

    def end(self) -> None:
        """Write where the work ended, which the pause between two writes may have left out."""
        with self._lock:
            self.total = max(self.total, self.done)
            self._write()

    def line(self) -> str:
        """Where the work stands, in words."""
        rate = self.done / max(self.seconds, 0.001)
        of = f" of {self._show(self.total)} ({100 * self.done // self.total} %)" if self.total else ""
        return f"{self.subject}: {self._show(self.done)}{of}, {self._show(rate)}/s"

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
            self._say(self.line())

    def _write(self) -> None:
        if not self._path:
            return
        done, total = min(self.done, self.total), self.total
        if self._part:
            first, last = self._part
            done, total = first + (last - first) * done // (total or 1), 100
        if not total:
            return
        try:
            Path(self._path).write_text(f"{done}/{total}\n", encoding="ascii")
        except OSError as cause:
            log.warn(f"progress file {self._path} cannot be written ({cause}); continuing without it")
            self._path = ""
