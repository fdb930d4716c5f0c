# SPDX-License-Identifier: Apache-2.0
"""The sign of life of a step: memory that the step writes and the process that watches it reads.

The memory is shared with every process that is forked from this one. Nobody waits for anybody: a step that hangs, or is
stopped, cannot hinder its watcher.
"""

from __future__ import annotations

import mmap
import os
import struct

_NUMBERS = struct.Struct("=Qqq")  # number of beats, amount of work done, amount in all
_TEXT = 1024  # bytes of the shared memory for each text
_ACTIVITY = _NUMBERS.size
_DETAIL = _ACTIVITY + _TEXT
_FOLDER = _DETAIL + _TEXT

_memory = mmap.mmap(-1, mmap.PAGESIZE)
_activity = ""  # the activity in the last beat of this process
_is_watched = False


def mark_watched() -> None:
    """Record that another process watches this one."""
    global _is_watched
    _is_watched = True


def is_watched() -> bool:
    """Return whether another process watches this one."""
    return _is_watched


def beat(activity: str, done: int = 0, total: int = 0) -> None:
    """Record a sign of life: the step made progress. Never call it only because time has passed.

    Args:
        activity: what is being done.
        done: how much of it is done.
        total: how much there is in all; 0 when that is not known.
    """
    global _activity
    if activity != _activity:
        _write_text(_ACTIVITY, activity)
        _write_text(_DETAIL, "")
        _activity = activity
    _write_numbers(done, total)


def record_activity_detail(detail: str, moved: bool = False) -> None:
    """Record what the current activity waits for, for the message if the step is ended because it stalls.

    Args:
        detail: the explanation.
        moved: whether this is a sign of life, too.
    """
    _write_text(_DETAIL, detail)
    if moved:
        _, done, total = _NUMBERS.unpack_from(_memory)
        _write_numbers(done, total)


def watch_file_positions(folder: str | os.PathLike[str]) -> None:
    """Count it as a sign of life when the read or write position in an open file of this folder changes.

    This is for libraries that work through a large file in one call. It works without the interpreter's lock.
    """
    _write_text(_FOLDER, os.path.realpath(folder))


def read_beat_count() -> int:
    """Return how many beats the step has recorded so far."""
    count, _, _ = _NUMBERS.unpack_from(_memory)
    return int(count)


def read_watched_folder() -> str:
    """Return the folder that `watch_file_positions` set; empty if it was not called."""
    return _read_text(_FOLDER)


def describe_last_beat() -> str:
    """Return the last recorded activity as text. If a beat is being written right now, parts of two may be mixed."""
    _, done, total = _NUMBERS.unpack_from(_memory)
    text = _read_text(_ACTIVITY) or "no stage begun"
    if total:
        text += f", {done} of {total}"
    elif done:
        text += f", {done}"
    detail = _read_text(_DETAIL)
    return f"{text} ({detail})" if detail else text


def _write_numbers(done: int, total: int) -> None:
    # Two processes or threads may overwrite each other's beat; the count still differs from the one before.
    _NUMBERS.pack_into(_memory, 0, (read_beat_count() + 1) % 2**64, done, total)


def _write_text(place: int, text: str) -> None:
    data = text.encode(errors="replace")[: _TEXT - 1]
    _memory[place : place + _TEXT] = data.ljust(_TEXT, b"\0")


def _read_text(place: int) -> str:
    return _memory[place : place + _TEXT].partition(b"\0")[0].decode(errors="ignore")
