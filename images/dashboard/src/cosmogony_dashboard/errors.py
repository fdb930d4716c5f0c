# SPDX-License-Identifier: Apache-2.0
"""Failures, each with the exit code it ends the command with."""

from __future__ import annotations

EXIT_KO = 1
EXIT_PERMANENT = 1
EXIT_INPUT = 2
EXIT_USAGE = 4
EXIT_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


class DashboardError(Exception):
    exit_code = EXIT_PERMANENT


class InputError(DashboardError):
    """The zones cannot be read."""

    exit_code = EXIT_INPUT


class TemporaryError(DashboardError):
    """A failure that may pass: a retry can help."""

    exit_code = EXIT_TEMPORARY
