# SPDX-License-Identifier: Apache-2.0
"""Errors that only reading a source has."""

from __future__ import annotations

from cosmogony_steps.errors import TransientError


class SourceChangedError(TransientError):
    """The file was replaced on its server while it was read: start over."""

    is_repeatable = False


class ChecksumMismatchError(TransientError):
    """The bytes received do not match the size or checksum that the server publishes."""

    is_repeatable = False
