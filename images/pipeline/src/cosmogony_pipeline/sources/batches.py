# SPDX-License-Identifier: Apache-2.0
"""Group sources into batches: small ones share a pod, which processes them one after the other."""

from __future__ import annotations

from collections.abc import Sequence

MAX_BATCHES = 1000  # limit on batches in a plan: Argo passes the list of their numbers as one text


def make_batches(sources: Sequence[tuple[str, int]], max_bytes: int, max_sources: int) -> list[list[str]]:
    """Return batches of sources: small sources share one, a large source is alone.

    Args:
        sources: name and size in bytes of each.
        max_bytes: of a batch with several sources; a larger source is alone.
        max_sources: of a batch. Both limits are doubled until there are at most `MAX_BATCHES`.

    Returns:
        The names of the sources of each batch, in alphabetical order.
    """
    while True:
        batches = _divide(sorted(sources), max_bytes, max_sources)
        if len(batches) <= MAX_BATCHES:
            return batches
        max_bytes, max_sources = max(1, 2 * max_bytes), 2 * max_sources


def _divide(sources: Sequence[tuple[str, int]], max_bytes: int, max_sources: int) -> list[list[str]]:
    batches: list[list[str]] = []
    shared: list[str] = []  # the batch to which small sources are added until it is full
    free = 0
    for name, size in sources:
        if size > max_bytes:
            batches.append([name])
            continue
        if size > free or len(shared) >= max_sources:
            shared, free = [], max_bytes
            batches.append(shared)
        shared.append(name)
        free -= size
    return batches
