# SPDX-License-Identifier: Apache-2.0
"""Long lists in messages and outputs: the first entries, and how many more there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

NAMED = 10
ROOM = 4096  # bytes that a list may take in an output

T = TypeVar("T")


def join_first(texts: Sequence[str], most: int = NAMED, *, separator: str = ", ", rest: str = "") -> str:
    """Join the first texts; `rest` says where all of them are, for a list that is longer."""
    more = len(texts) - most
    if more <= 0:
        return separator.join(texts)
    return separator.join([*texts[:most], f"and {more} more"]) + (f"; {rest}" if rest else "")


def take_first(entries: Iterable[T], room: int = ROOM) -> list[T]:
    """Return the first entries of a list, as many as have room in JSON."""
    taken: list[T] = []
    for entry in entries:
        room -= len(json.dumps(entry, ensure_ascii=False).encode())
        if room < 0:
            break
        taken.append(entry)
    return taken
