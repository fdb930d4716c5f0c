# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""The error of an S3 store, a database or a Service that does not do what is needed."""

from __future__ import annotations


class ServiceError(Exception):
    """An S3 store, a database or a Service does not answer, or refuses what is needed.

    Attributes:
        reason: One word for it, such as ``access_denied``.
        cause: What is wrong.
        advice: What to do next.
        final: Whether waiting does not help.
    """

    def __init__(self, reason: str, cause: str, advice: str, *, final: bool = False) -> None:
        super().__init__(f"{cause}: {advice}")
        self.reason = reason
        self.cause = cause
        self.advice = advice
        self.final = final


def make_refusal(reason: str, cause: str, advice: str) -> ServiceError:
    """Return a final ServiceError: the service refused, so that asking again does not help."""
    return ServiceError(reason, cause, advice, final=True)
