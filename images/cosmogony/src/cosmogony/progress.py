# SPDX-License-Identifier: Apache-2.0
"""Progress reports: a bar on a terminal, plain lines elsewhere, or a function of the caller."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

T = TypeVar("T")

#: Called with the stage, the units done and the units in all (0 if unknown).
Progress = Callable[[str, int, int], None]

_BAR_WIDTH = 30  # characters


def ignore_progress(stage: str, done: int, total: int) -> None:
    """Ignore a report."""


def track_progress(items: Sequence[T], stage: str, progress: Progress, every: int = 1) -> Iterator[T]:
    """Yield items, and report how many of them are done: each time that `every` more are, and at the end."""
    for done, item in enumerate(items):
        if done % every == 0:
            progress(stage, done, len(items))
        yield item
    progress(stage, len(items), len(items))


class TerminalProgress:
    """Redraws one line, at most ten times per second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next = 0.0
        self._open = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report `done` of `total` units of a stage."""
        finished = bool(total) and done >= total
        if self._open and self._open != stage:
            self.close()
        if not finished and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.1
        share = done / total if total else 0.0
        bar = ("#" * round(share * _BAR_WIDTH)).ljust(_BAR_WIDTH)
        count = f"{done:,} of {total:,}" if total else f"{done:,}"
        self._stream.write(f"\r\x1b[K{stage:<24} [{bar}] {share:4.0%}  {count}")
        self._stream.flush()
        self._open = stage
        if finished:
            self.close()

    def close(self) -> None:
        """End the line that is drawn."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = ""


class LineProgress:
    """Writes a line when a stage begins and every `pause` seconds: readable in the log of a pod."""

    def __init__(self, stream: TextIO, pause: float = 10.0) -> None:
        self._stream = stream
        self._pause = pause
        self._next = 0.0
        self._last = ("", -1)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report `done` of `total` units of a stage."""
        now = time.monotonic()
        finished = bool(total) and done >= total
        if stage == self._last[0] and not finished and now < self._next:
            return
        if (stage, done) == self._last:
            return
        self._next = now + self._pause
        self._last = (stage, done)
        share = f" ({done / total:.0%})" if total else ""
        count = f"{done} of {total}" if total else str(done)
        self._stream.write(f"progress: {stage}: {count}{share}\n")
        self._stream.flush()

    def close(self) -> None:
        """Do nothing: every line is complete."""


def make_progress(stream: TextIO | None = None) -> TerminalProgress | LineProgress:
    """Return the progress reports that suit a stream, by default standard error."""
    stream = sys.stderr if stream is None else stream
    return TerminalProgress(stream) if stream.isatty() else LineProgress(stream)
