# SPDX-License-Identifier: Apache-2.0
"""Failures that only these steps have."""

from __future__ import annotations

from cosmogony_steps.errors import TransientError


class SourceChangedError(TransientError):
    """The file was replaced on its server while it was being read: begin again."""

    is_repeatable = False


class ChecksumMismatchError(TransientError):
    """The bytes received are not those whose checksum the server publishes."""

    is_repeatable = False
