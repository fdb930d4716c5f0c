# SPDX-License-Identifier: Apache-2.0
"""The two kinds of failure of a step, told apart by their exit code."""

from __future__ import annotations

from cosmogony.errors import CosmogonyError

EXIT_PERMANENT = 1
EXIT_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


class StepError(CosmogonyError):
    """A failure that stays: the same command would fail again."""

    exit_code = EXIT_PERMANENT


class TemporaryError(StepError):
    """A failure that may pass: a server that is away, a connection that broke."""

    exit_code = EXIT_TEMPORARY

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceChanged(TemporaryError):
    """The file was replaced on its server while it was being read: begin again."""


class ChecksumMismatch(TemporaryError):
    """The bytes received are not those whose checksum the server publishes."""


class Terminated(TemporaryError):
    """The step was told to stop (SIGTERM): clean up and leave."""
