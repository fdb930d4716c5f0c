# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while answering, as the client sees it."""

from __future__ import annotations


class UnavailableError(Exception):
    """Nothing can be answered now: 503 with a message and Retry-After."""

    def __init__(self, message: str, *, cause: str = "", retry_after: int = 5) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.retry_after = retry_after


class NotFoundError(Exception):
    """There is no such thing in the release that was asked: 404."""
