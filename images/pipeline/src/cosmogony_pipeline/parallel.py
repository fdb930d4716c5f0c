# SPDX-License-Identifier: Apache-2.0
"""Ask servers about many sources at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from cosmogony_steps.errors import StepError

THREADS = 8

S = TypeVar("S")
T = TypeVar("T")


def map_in_threads(function: Callable[[S], T], items: Sequence[S]) -> list[T | StepError]:
    """Return what the function makes of each item, in their order; a `StepError` that it raises is in its place."""
    with ThreadPoolExecutor(max_workers=min(THREADS, len(items) or 1)) as pool:
        try:
            futures = [pool.submit(function, item) for item in items]
            wait(futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results: list[T | StepError] = []
    for future in futures:
        error = future.exception()
        if error is not None and not isinstance(error, StepError):
            raise error
        results.append(error if error is not None else future.result())
    return results
