# SPDX-License-Identifier: Apache-2.0
"""The error that becomes a 503 answer."""

from __future__ import annotations


class UnavailableError(Exception):
    """The database cannot be read now: the request gets 503 with this message and Retry-After in seconds."""

    def __init__(self, message: str, *, cause: str = "", retry_after: int = 5) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.retry_after = retry_after
