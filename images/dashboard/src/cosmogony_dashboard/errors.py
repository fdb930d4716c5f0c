# SPDX-License-Identifier: Apache-2.0
"""Exit codes and the error of the command that compares a file, as in the original dashboard."""

from __future__ import annotations

from cosmogony_steps.errors import StepError

EXIT_KO = 1
EXIT_INPUT = 2
EXIT_USAGE = 4


class InputError(StepError):
    """The zones cannot be read."""

    exit_code = EXIT_INPUT
