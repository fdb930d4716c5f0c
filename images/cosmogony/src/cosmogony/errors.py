# SPDX-License-Identifier: Apache-2.0
"""Errors whose messages say what is wrong, why, and what to do next.

CosmogonyError          1    also a StepError of cosmogony_steps
├── UsageError          2    also its UsageError
└── IncompleteError     1
"""

from __future__ import annotations

from cosmogony_steps import errors


class CosmogonyError(errors.StepError):
    """The zones cannot be made, merged or explained. The command line prints the message; its exit code is 1."""


class UsageError(CosmogonyError, errors.UsageError):
    """An argument is invalid, or some exclude each other. The exit code of the command line is 2."""


class IncompleteError(CosmogonyError):
    """Relations of the extract lack members, which --fail-on-incomplete forbids."""
