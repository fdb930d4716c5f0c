# SPDX-License-Identifier: Apache-2.0
"""Errors whose messages say what is wrong, why, and what to do next.

CosmogonyError          1    also a StepError of cosmogony_steps
├── UsageError          2    also its UsageError
└── IncompleteError     1
"""

from __future__ import annotations

from cosmogony_steps import errors


class CosmogonyError(errors.StepError):
    """The run cannot continue. The command line prints the message and ends with exit code 1."""


class UsageError(CosmogonyError, errors.UsageError):
    """The arguments do not fit together. The command line ends with exit code 2."""


class IncompleteError(CosmogonyError):
    """Relations of the extract lack members, and the caller asked to refuse that."""
