# SPDX-License-Identifier: Apache-2.0
"""Errors of the programs, and their exit codes.

    StepError               1    permanent: the same command would fail again
    ├── UsageError          2    an argument or a setting is wrong
    ├── MissingObjectError  1    the bucket has no such object
    └── TransientError      75   a retry can help
        └── TerminatedError      75   SIGTERM

A message names the thing, the cause and the next step.
"""

from __future__ import annotations

EXIT_PERMANENT = 1
EXIT_USAGE = 2
EXIT_TRANSIENT = 75  # EX_TEMPFAIL of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class StepError(Exception):
    """A permanent error: the same command would fail again."""

    exit_code = EXIT_PERMANENT


class UsageError(StepError):
    """An argument or a setting is wrong."""

    exit_code = EXIT_USAGE


class MissingObjectError(StepError):
    """The bucket has no such object."""


class TransientError(StepError):
    """A transient error, such as a server that does not answer: a retry can help."""

    exit_code = EXIT_TRANSIENT
    is_repeatable = True  # whether the step can repeat the request; otherwise the whole step must run again

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Create the error.

        Args:
            message: the thing, the cause and the next step.
            retry_after: seconds that the server wants clients to wait, if it named them.
        """
        super().__init__(message)
        self.retry_after = retry_after


class TerminatedError(TransientError):
    """The step received SIGTERM, so it cleans up and ends."""

    is_repeatable = False
