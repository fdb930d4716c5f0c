# SPDX-License-Identifier: Apache-2.0
"""Translate errors of PostgreSQL to errors of a step: permanent or transient."""

from __future__ import annotations

import re

import psycopg

from ..errors import StepError, TransientError

# beginnings of SQLSTATE codes after which a retry can help: connection lost, server going down or full, statement
# cancelled, lock or serialization trouble
TRANSIENT_STATES = ("08", "40", "53", "57", "55P03", "58")
NO_PRIVILEGE = "42501"
_DENIED = re.compile(r"permission denied for (?P<kind>schema|database) (?P<name>\S+)")


def translate_database_error(error: psycopg.Error) -> StepError:
    """Return the StepError or TransientError for an error of the database."""
    state = error.sqlstate or ""
    text = " ".join(str(error).split())
    is_lost = isinstance(error, psycopg.OperationalError) and not state
    if is_lost or state.startswith(TRANSIENT_STATES):
        return TransientError(f"PostgreSQL: {text or 'connection lost'}; nothing was switched, run the command again")
    if state == NO_PRIVILEGE:
        return StepError(f"PostgreSQL: {text}; {_advise_on_privilege(text)}")
    return StepError(f"PostgreSQL: {text}")


def _advise_on_privilege(text: str) -> str:
    if match := _DENIED.search(text):
        verbs = "CREATE" if match["kind"] == "database" else "USAGE, CREATE"
        return f"run GRANT {verbs} ON {match['kind'].upper()} {match['name']} TO the user of POSTGRES_USER"
    return "give POSTGRES_USER the right, or use the owner of the object"
