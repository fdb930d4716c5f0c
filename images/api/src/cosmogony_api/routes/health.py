# SPDX-License-Identifier: Apache-2.0
"""Routes for Kubernetes' probes: liveness does not need the database, readiness does."""

from __future__ import annotations

from flask import Blueprint, Response

from cosmogony_api.answers import answer_json
from cosmogony_api.context import get_database
from cosmogony_api.models import Alive, Ready
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import fetch_live_release

blueprint = Blueprint("health", __name__)


@blueprint.get("/health/live")
@declare_operation(Alive)
def get_live() -> Response:
    """Answer the liveness probe, without the database."""
    return answer_json(Alive())


@blueprint.get("/health/ready")
@declare_operation(Ready, 503)
def get_ready() -> Response:
    """Answer the readiness probe if the database answers, even if nothing is published yet."""
    row = get_database().read(lambda connection: fetch_live_release(connection, "id"))
    return answer_json(Ready(release=row["id"] if row else None))
