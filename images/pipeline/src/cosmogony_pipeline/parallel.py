# SPDX-License-Identifier: Apache-2.0
"""Call a function with many items in threads, to wait for servers at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cosmogony_steps.errors import StepError

THREADS = 8

S = TypeVar("S")
T = TypeVar("T")


def map_in_threads_or_return_errors(function: Callable[[S], T], items: Sequence[S]) -> list[T | StepError]:
    """Return the results of a function for all items, in order; a raised `StepError` takes the place of its result.

    Calls that have not begun are cancelled when this thread is interrupted, or when a call raises another error.
    """

    def call(item: S) -> T | StepError:
        try:
            return function(item)
        except StepError as error:
            return error

    with ThreadPoolExecutor(max_workers=min(THREADS, len(items) or 1)) as pool:
        return list(pool.map(call, items))
