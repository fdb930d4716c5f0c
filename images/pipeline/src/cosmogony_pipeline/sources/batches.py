# SPDX-License-Identifier: Apache-2.0
"""Sources in batches: small ones share a pod, in which they are worked on one after the other."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 1000  # batches: Argo gets the list of their numbers as one text


def make_batches(sources: Sequence[tuple[str, int]], most_bytes: int, most_sources: int) -> list[list[str]]:
    """Divide sources into batches; the same sources make the same ones.

    Args:
        sources: names, and sizes in bytes.
        most_bytes: of a batch of several sources; a larger one is alone.
        most_sources: of a batch.
    """
    while True:
        batches = _divide(sorted(sources), most_bytes, most_sources)
        if len(batches) <= MOST:
            return batches
        most_bytes, most_sources = max(1, 2 * most_bytes), 2 * most_sources


def _divide(sources: Sequence[tuple[str, int]], most_bytes: int, most_sources: int) -> list[list[str]]:
    batches: list[list[str]] = []
    shared: list[str] = []  # the batch that small sources are added to
    free = 0
    for name, size in sources:
        if size > most_bytes:
            batches.append([name])
            continue
        if size > free or len(shared) >= most_sources:
            shared, free = [], most_bytes
            batches.append(shared)
        shared.append(name)
        free -= size
    return batches
