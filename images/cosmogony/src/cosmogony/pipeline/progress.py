# SPDX-License-Identifier: Apache-2.0
"""Progress of a step: Argo's progress file (``N/M``) and a line now and then."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from . import log


class Progress:
    """Counts up to a total; writes at most one file update a second, one line every ten."""

    def __init__(
        self,
        subject: str,
        total: int | None,
        *,
        show: Callable[[float], str] = log.human_bytes,
        path: str | None = None,
        line_every: float = 10.0,
        file_every: float = 1.0,
    ) -> None:
        self.subject = subject
        self.total = total
        self.done = 0
        self._show = show
        self._path = path if path is not None else os.environ.get("ARGO_PROGRESS_FILE", "")
        self._line_every = line_every
        self._file_every = file_every
        self._began = time.monotonic()
        self._last_line = self._began
        self._last_file = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def add(self, count: int) -> None:
        self.set(self.done + count)

    def set(self, done: int, total: int | None = None) -> None:
        self.done = done
        if total is not None:
            self.total = total
        now = time.monotonic()
        if now - self._last_file >= self._file_every:
            self._last_file = now
            self._write()
        if now - self._last_line >= self._line_every:
            self._last_line = now
            log.info(self.line())

    def finish(self) -> None:
        self.total = self.done
        self._write()

    def line(self) -> str:
        rate = self.done / max(self.seconds, 0.001)
        of = f" of {self._show(self.total)} ({100 * self.done // self.total} %)" if self.total else ""
        return f"{self.subject}: {self._show(self.done)}{of}, {self._show(rate)}/s"

    def _write(self) -> None:
        if not self._path or not self.total:
            return
        try:
            Path(self._path).write_text(f"{min(self.done, self.total)}/{self.total}\n")
        except OSError as cause:
            log.warn(f"progress file {self._path} cannot be written ({cause}); going on without it")
            self._path = ""
