# SPDX-License-Identifier: Apache-2.0
"""Shorten long lists in messages and outputs to their first entries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeVar

MAX_NAMED = 10  # entries of a list that a message names
MAX_BYTES = 4096  # of a list in an output parameter of a step

T = TypeVar("T")


def join_first(texts: Sequence[str], most: int = MAX_NAMED, *, separator: str = ", ", rest: str = "") -> str:
    """Join the first `most` texts to one, and say how many more there are.

    Args:
        texts: the list.
        most: how many of them to name.
        separator: between two of them.
        rest: added to a shortened list, such as where all of them can be found.
    """
    more = len(texts) - most
    if more <= 0:
        return separator.join(texts)
    return separator.join([*texts[:most], f"and {more} more"]) + (f"; {rest}" if rest else "")


def keep_first_within_bytes(entries: Iterable[T], max_bytes: int = MAX_BYTES) -> list[T]:
    """Return the first entries of a list that together take at most `max_bytes` as JSON."""
    taken: list[T] = []
    for entry in entries:
        max_bytes -= len(json.dumps(entry, ensure_ascii=False).encode())
        if max_bytes < 0:
            break
        taken.append(entry)
    return taken
