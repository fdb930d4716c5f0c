# SPDX-License-Identifier: Apache-2.0
"""Errors of a step, each with the exit code that it ends the step with."""

from __future__ import annotations

EXIT_PERMANENT = 1
EXIT_USAGE = 2
EXIT_TRANSIENT = 75  # EX_TEMPFAIL of sysexits.h


class StepError(Exception):
    """A permanent failure: the same command would fail again. The message names the thing, the cause, the next step."""

    exit_code = EXIT_PERMANENT


class UsageError(StepError):
    """The arguments do not fit together."""

    exit_code = EXIT_USAGE


class TransientError(StepError):
    """A failure that may pass, such as a server that is away: a retry can help."""

    exit_code = EXIT_TRANSIENT

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the seconds after which the server wants to be asked again, where it named them."""
        super().__init__(message)
        self.retry_after = retry_after


class Terminated(TransientError):
    """The step received SIGTERM: it cleans up and ends."""
