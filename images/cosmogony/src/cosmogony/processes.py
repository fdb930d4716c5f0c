# SPDX-License-Identifier: Apache-2.0
"""Work in forked processes: they see all that was read without a copy, and the answers come in order."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any


def _nothing(number: int) -> Any:
    raise RuntimeError("no work was given")


_function: Callable[[int], Any] = _nothing


def available() -> int:
    """As many as this process may use."""
    return len(os.sched_getaffinity(0))


def ordered(function: Callable[[int], Any], count: int, processes: int) -> Iterator[Any]:
    """`function(0)`, `function(1)`, …; only a few answers wait, never all of them."""
    if processes < 2 or count < 2:
        yield from map(function, range(count))
        return
    global _function
    _function = function
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        # the threads of libosmium only wait by now, and the children never call it
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = context.Pool(min(processes, count))
    try:
        waiting: list[Any] = []
        for number in range(count):
            waiting.append(pool.apply_async(_run, (number,)))
            if len(waiting) >= 2 * processes + 2:
                yield waiting.pop(0).get()
        while waiting:
            yield waiting.pop(0).get()
        pool.close()
    finally:
        pool.terminate()
        pool.join()
        _function = _nothing


def _run(number: int) -> Any:
    return _function(number)
