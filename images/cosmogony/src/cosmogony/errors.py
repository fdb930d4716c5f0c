# SPDX-License-Identifier: Apache-2.0
"""Errors that are messages for people: what is wrong, why, what to do next."""

from __future__ import annotations


class CosmogonyError(Exception):
    """A run cannot go on. The command line prints the message and ends with exit code 1."""


class UsageError(CosmogonyError):
    """The arguments do not fit together. The command line ends with exit code 2."""


class IncompleteError(CosmogonyError):
    """Relations of the extract miss members and the caller asked to refuse that."""
