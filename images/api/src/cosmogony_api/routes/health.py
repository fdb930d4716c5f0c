# SPDX-License-Identifier: Apache-2.0
"""Probes: alive without the database, ready with it."""

from __future__ import annotations

from flask import Blueprint, Response

from cosmogony_api import answers, releases
from cosmogony_api.context import database
from cosmogony_api.database import Reader

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
def live() -> Response:
    """Answer as long as the process does."""
    return answers.plain({"status": "alive"})


@blueprint.get("/health/ready")
def ready() -> Response:
    """Answer when the database does; having published nothing yet is ready too."""

    def work(connection: Reader) -> str | None:
        if not releases.has_catalog(connection):
            return None
        row = connection.execute("select id from public.cosmogony_release").fetchone()
        return row["id"] if row else None

    return answers.plain({"status": "ready", "release": database().read(work)})
