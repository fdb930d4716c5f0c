# SPDX-License-Identifier: Apache-2.0
"""Durations of the steps of a release, stored in the catalog for the report."""

from __future__ import annotations

import psycopg


def record_step_duration(connection: psycopg.Connection, release_id: str, step: str, seconds: float) -> None:
    """Store the duration of the last execution of a step; do nothing if the release is not kept."""
    connection.execute(
        "INSERT INTO cosmogony_catalog.steps (release_id, step, seconds) SELECT id, %s, %s "
        "FROM cosmogony_catalog.releases WHERE id = %s ON CONFLICT (release_id, step) "
        "DO UPDATE SET at = now(), seconds = excluded.seconds",
        (step, round(seconds, 1), release_id),
    )


def read_step_durations(connection: psycopg.Connection, release_id: str) -> dict[str, float]:
    """Return the seconds of each step of a release, in the order in which the steps ended."""
    rows = connection.execute(
        "SELECT step, seconds FROM cosmogony_catalog.steps WHERE release_id = %s ORDER BY at", (release_id,)
    ).fetchall()
    return dict(rows)
