# SPDX-License-Identifier: Apache-2.0
"""Errors that become answers."""

from __future__ import annotations


class UnavailableError(Exception):
    """The database cannot answer now: 503 with a message and Retry-After."""

    def __init__(self, message: str, *, cause: str = "", retry_after: int = 5) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.retry_after = retry_after
