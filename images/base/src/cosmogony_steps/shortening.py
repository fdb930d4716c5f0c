# SPDX-License-Identifier: Apache-2.0
"""Long lists in messages: the first ones, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 10


def join_first(texts: Sequence[str], most: int = NAMED, *, separator: str = ", ", rest: str = "") -> str:
    """Join the first texts; `rest` says where all of them are, for a list that is longer."""
    more = len(texts) - most
    if more <= 0:
        return separator.join(texts)
    return separator.join([*texts[:most], f"and {more} more"]) + (f"; {rest}" if rest else "")
