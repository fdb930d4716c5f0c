# SPDX-License-Identifier: Apache-2.0
"""How long the steps of a release took, kept in the catalog for the report."""

from __future__ import annotations

import psycopg


def note(connection: psycopg.Connection, release_id: str, step: str, seconds: float) -> None:
    """Remember the last run of a step; nothing when the release is not there (any more)."""
    connection.execute(
        "INSERT INTO cosmogony_catalog.steps (release_id, step, seconds) SELECT id, %s, %s "
        "FROM cosmogony_catalog.releases WHERE id = %s ON CONFLICT (release_id, step) "
        "DO UPDATE SET at = now(), seconds = excluded.seconds",
        (step, round(seconds, 1), release_id),
    )


def of(connection: psycopg.Connection, release_id: str) -> dict[str, float]:
    rows = connection.execute(
        "SELECT step, seconds FROM cosmogony_catalog.steps WHERE release_id = %s ORDER BY at", (release_id,)
    ).fetchall()
    return dict(rows)
