# SPDX-License-Identifier: Apache-2.0
"""Waiting and trying again, for failures that may pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cosmogony_steps import log
from cosmogony_steps.errors import TerminatedError, TransientError

from .failures import ChecksumMismatch, SourceChanged

T = TypeVar("T")
_NOT_HERE = (SourceChanged, ChecksumMismatch, TerminatedError)  # these need more than the same request again


@dataclass(frozen=True, slots=True)
class Backoff:
    """ATTEMPTS tries in a row, waiting FIRST, 2*FIRST, 4*FIRST ... at most LIMIT seconds between them."""

    attempts: int = 6
    first: float = 1.0
    limit: float = 30.0

    def wait(self, failures: int, cause: TransientError) -> None:
        """Sleep after the FAILURES-th failure in a row; give up by raising CAUSE."""
        if isinstance(cause, _NOT_HERE) or failures >= self.attempts:
            raise cause
        delay = min(self.first * 2 ** (failures - 1), self.limit)
        if cause.retry_after is not None:
            delay = min(max(delay, cause.retry_after), 2 * self.limit)
        log.warn(f"{cause}; attempt {failures} of {self.attempts}, next one in {delay:g} s")
        time.sleep(delay)

    def call(self, function: Callable[[], T]) -> T:
        failures = 0
        while True:
            try:
                return function()
            except TransientError as cause:
                failures += 1
                self.wait(failures, cause)
