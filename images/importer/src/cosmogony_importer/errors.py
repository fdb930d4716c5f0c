# SPDX-License-Identifier: Apache-2.0
"""Errors of the object store that its callers tell apart."""

from __future__ import annotations

from cosmogony_steps.errors import StepError


class MissingObjectError(StepError):
    """The bucket has no such object."""
