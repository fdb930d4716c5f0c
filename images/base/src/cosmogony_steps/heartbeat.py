# SPDX-License-Identifier: Apache-2.0
"""The sign of life of a step: memory that the step writes and the process that watches it reads.

Nobody waits for anybody: a step that hangs, or is stopped, cannot hinder its watcher.
"""

from __future__ import annotations

import mmap
import os
import struct

_NUMBERS = struct.Struct("=Qqq")  # count of beats, work done, work in all
_TEXT = 1024  # bytes of each text
_ACTIVITY = _NUMBERS.size
_DETAIL = _ACTIVITY + _TEXT
_FOLDER = _DETAIL + _TEXT


class Beat:
    """The last sign of life. A plain class, since the process that watches loads as little as it can."""

    def __init__(self, count: int, activity: str, done: int, total: int, detail: str, folder: str) -> None:
        self.count = count
        self.activity = activity
        self.done = done
        self.total = total
        self.detail = detail
        self.folder = folder

    def __str__(self) -> str:
        words = self.activity or "no stage begun"
        if self.total:
            words += f", {self.done} of {self.total}"
        elif self.done:
            words += f", {self.done}"
        return f"{words} ({self.detail})" if self.detail else words


class Heartbeat:
    """Memory that a process shares with the children that it forks afterwards."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._activity = ""

    def beat(self, activity: str, done: int, total: int) -> None:
        """Record that the work has moved."""
        if activity != self._activity:
            self._write(_ACTIVITY, activity)
            self._write(_DETAIL, "")
            self._activity = activity
        self._count(done, total)

    def explain(self, detail: str, moved: bool) -> None:
        """Record what the activity is at or waits for, and whether that has moved."""
        self._write(_DETAIL, detail)
        if moved:
            _, done, total = _NUMBERS.unpack_from(self._memory)
            self._count(done, total)

    def follow_files(self, folder: str) -> None:
        """Record in which folder the position in a file is a sign of life."""
        self._write(_FOLDER, folder)

    def _count(self, done: int, total: int) -> None:
        # Two processes or threads may overwrite each other's beat; the count differs from the one before all the same.
        count, _, _ = _NUMBERS.unpack_from(self._memory)
        _NUMBERS.pack_into(self._memory, 0, (count + 1) % 2**64, done, total)

    def read(self) -> Beat:
        """Return the last beat. One that is being written right now may come as a mixture of two."""
        count, done, total = _NUMBERS.unpack_from(self._memory)
        return Beat(count, self._read(_ACTIVITY), done, total, self._read(_DETAIL), self._read(_FOLDER))

    def _write(self, place: int, text: str) -> None:
        data = text.encode(errors="replace")[: _TEXT - 1]
        self._memory[place : place + _TEXT] = data.ljust(_TEXT, b"\0")

    def _read(self, place: int) -> str:
        return self._memory[place : place + _TEXT].partition(b"\0")[0].decode(errors="ignore")


_heartbeat: Heartbeat | None = None


def attach(heartbeat: Heartbeat) -> None:
    """Let `beat` and `explain` of this process, and of those that it forks, write there."""
    global _heartbeat
    _heartbeat = heartbeat


def watched() -> bool:
    """Tell whether somebody watches this process."""
    return _heartbeat is not None


def beat(activity: str, done: int = 0, total: int = 0) -> None:
    """Say that the work has moved: what is done now, how much of it, of how much in all (0 when unknown).

    Call it when the work has moved, never only because time has passed.
    """
    if _heartbeat is not None:
        _heartbeat.beat(activity, done, total)


def explain(detail: str, moved: bool = False) -> None:
    """Say what the activity is at, or what it waits for; it is shown if the step is ended for standing still.

    Only with `moved` it is a sign of life.
    """
    if _heartbeat is not None:
        _heartbeat.explain(detail, moved)


def follow_files(folder: str | os.PathLike[str]) -> None:
    """Let the watch take it as a sign of life when a file in this folder is read or written further.

    This is for libraries that work through a large file in one call. Nobody needs the interpreter's lock for it.
    """
    if _heartbeat is not None:
        _heartbeat.follow_files(os.path.realpath(folder))
