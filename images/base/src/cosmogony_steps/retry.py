# SPDX-License-Identifier: Apache-2.0
"""Retries with back-off, for transient errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from . import log
from .errors import TransientError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often to try, and the pause between attempts: `first` seconds, doubled each time up to `limit` seconds."""

    attempts: int = 6
    first: float = 1.0
    limit: float = 30.0

    def wait_or_raise(self, failures: int, cause: TransientError) -> None:
        """Sleep before the next attempt, or raise the error if there is none.

        Args:
            failures: number of failures in a row.
            cause: the last of them.

        Raises:
            TransientError: `cause`, after the last attempt or when repeating the request cannot help.
        """
        if not cause.is_repeatable or failures >= self.attempts:
            raise cause
        delay = min(self.first * 2 ** (failures - 1), self.limit)
        if cause.retry_after is not None:
            delay = min(max(delay, cause.retry_after), 2 * self.limit)
        log.warn(f"{cause}; attempt {failures} of {self.attempts}, next one in {delay:g} s")
        time.sleep(delay)

    def call_with_retries(self, function: Callable[[], T]) -> T:
        """Call a function again after each transient error; return its result or raise the last error."""
        failures = 0
        while True:
            try:
                return function()
            except TransientError as cause:
                failures += 1
                self.wait_or_raise(failures, cause)
