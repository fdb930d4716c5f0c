# SPDX-License-Identifier: Apache-2.0
"""Errors of the programs, each with the exit code that it ends one with.

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
EXIT_INTERRUPTED = 130  # as a shell has it for SIGINT


class StepError(Exception):
    """A permanent error: the same command would fail again."""

    exit_code = EXIT_PERMANENT


class UsageError(StepError):
    """An argument or a setting is wrong."""

    exit_code = EXIT_USAGE


class MissingObjectError(StepError):
    """The bucket has no such object."""


class TransientError(StepError):
    """A transient error, such as a server that is away: a retry can help."""

    exit_code = EXIT_TRANSIENT
    is_repeatable = True  # whether the same request again can help, or only a new start of the work

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the seconds after which the server wants to be asked again, where it named them."""
        super().__init__(message)
        self.retry_after = retry_after


class TerminatedError(TransientError):
    """The step received SIGTERM: it cleans up and ends."""

    is_repeatable = False
