# SPDX-License-Identifier: Apache-2.0
"""Report progress: a bar on a terminal, lines in a log, or a function of the caller."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

T = TypeVar("T")

#: A function that is called with the name of the stage, the units done, and the units in all (0 if unknown).
Progress = Callable[[str, int, int], None]

_BAR_WIDTH = 30  # characters between the brackets of the progress bar


def ignore_progress(stage: str, done: int, total: int) -> None:
    """Do nothing: the progress function for callers who want no reports."""


def track_progress(items: Sequence[T], stage: str, progress: Progress, every: int = 1) -> Iterator[T]:
    """Yield the items, and report how many are done before every `every`-th item and at the end."""
    for done, item in enumerate(items):
        if done % every == 0:
            progress(stage, done, len(items))
        yield item
    progress(stage, len(items), len(items))


class TerminalProgress:
    """Draws a progress bar on one line of a terminal, at most ten times per second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next = 0.0
        self._open = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of a stage are done; `total` is 0 where it is unknown."""
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
        """End the line with the progress bar, if one is drawn."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = ""


class LineProgress:
    """Writes progress as lines for a log: when a stage begins or ends, and every `pause` seconds."""

    def __init__(self, stream: TextIO, pause: float = 10.0) -> None:
        self._stream = stream
        self._pause = pause
        self._next = 0.0
        self._last = ("", -1)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of a stage are done; `total` is 0 where it is unknown."""
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
        """Do nothing, since no line is left incomplete."""


def make_progress_for_stream(stream: TextIO | None = None) -> TerminalProgress | LineProgress:
    """Return a progress bar if the stream (default: standard error) is a terminal, otherwise a writer of lines."""
    stream = sys.stderr if stream is None else stream
    return TerminalProgress(stream) if stream.isatty() else LineProgress(stream)
