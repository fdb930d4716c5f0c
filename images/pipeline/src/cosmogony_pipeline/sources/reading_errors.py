# SPDX-License-Identifier: Apache-2.0
"""Errors that occur only while the file of a source is read."""

from __future__ import annotations

from cosmogony_steps.errors import TransientError


class SourceChangedError(TransientError):
    """The file of a source was replaced on its server while it was read, so the fetch must start over."""

    is_repeatable = False


class ChecksumMismatchError(TransientError):
    """The bytes received of a file do not match the size or checksum that its server publishes."""

    is_repeatable = False
