# SPDX-License-Identifier: Apache-2.0
"""Summaries of the last runs, for the API."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import RunSummary
from psycopg.types.json import Jsonb

KEPT_RUNS = 100


def record_run(connection: psycopg.Connection, summary: RunSummary) -> None:
    """Store the summary of a run in the catalog, in place of an earlier one; the oldest summaries are removed."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO cosmogony_catalog.runs (name, finished, document) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET finished = excluded.finished, document = excluded.document",
            (summary.run, summary.finished, Jsonb(summary.to_json())),
        )
        connection.execute(
            "DELETE FROM cosmogony_catalog.runs WHERE name NOT IN "
            "(SELECT name FROM cosmogony_catalog.runs ORDER BY finished DESC LIMIT %s)",
            (KEPT_RUNS,),
        )
