# SPDX-License-Identifier: Apache-2.0
"""Failures, each with the exit code it ends the command with."""

from __future__ import annotations

from cosmogony_steps.errors import StepError, TransientError

# of the command that compares a file: those of the original
EXIT_KO = 1
EXIT_INPUT = 2
EXIT_USAGE = 4


class DashboardError(StepError):
    """The command cannot do its work, and would fail again."""


class InputError(DashboardError):
    """The zones cannot be read."""

    exit_code = EXIT_INPUT


class TemporaryError(DashboardError, TransientError):
    """A failure that may pass: a retry can help."""

    exit_code = TransientError.exit_code
