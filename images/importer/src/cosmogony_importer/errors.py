# SPDX-License-Identifier: Apache-2.0
"""Errors of the importer, and how errors of the database map to them."""

from __future__ import annotations

import psycopg
from cosmogony_steps.errors import StepError, TransientError

# connection lost, server going down or full, lock or serialization trouble
TEMPORARY_CLASSES = ("08", "40", "53", "57P", "55P03", "58")


class ImporterError(StepError):
    """Names the thing, the cause and the next step; the same command will fail again."""


class TemporaryError(ImporterError, TransientError):
    """The same command may pass later."""

    exit_code = TransientError.exit_code


class Missing(ImporterError):
    """No such object in the object store."""


class Blocked(ImporterError):
    """The gate says no."""


def of_database(error: psycopg.Error) -> ImporterError:
    """Turn an error of the database into ours."""
    state = error.sqlstate or ""
    text = " ".join(str(error).split())
    lost = isinstance(error, psycopg.OperationalError) and not state
    if lost or state.startswith(TEMPORARY_CLASSES):
        return TemporaryError(f"PostgreSQL: {text or 'connection lost'}; nothing was switched, run the command again")
    if state == "42501":
        return ImporterError(f"PostgreSQL: {text}; give POSTGRES_USER the right, or use the owner of the object")
    return ImporterError(f"PostgreSQL: {text}")
