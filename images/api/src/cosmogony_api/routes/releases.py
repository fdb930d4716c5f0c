# SPDX-License-Identifier: Apache-2.0
"""The live release and the kept ones."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from cosmogony_api import answers, releases
from cosmogony_api.context import database
from cosmogony_api.database import Reader
from cosmogony_api.errors import NotFoundError
from cosmogony_api.manifest import public
from cosmogony_api.releases import Release

blueprint = Blueprint("releases", __name__)

KEPT = "public, max-age=60"
INTERNAL = ("schema_name", "boxes")
# The tables of what was left out have thousands of rows for the planet; the site asks for this when it loads.
_LIVE = """
select id, schema_name, inputs_digest, published_at, zones, bounds, manifest - 'left_out' - 'repaired' as manifest
from public.cosmogony_release
"""


@blueprint.get("/release")
def live() -> Response:
    """Answer what is live: id, dates, bounds and the public part of the manifest."""

    def work(connection: Reader) -> dict[str, Any]:
        row = connection.execute(_LIVE).fetchone() if releases.has_catalog(connection) else None
        if row is None:
            raise NotFoundError("release")
        return row

    row = database().read(work)
    payload = {
        "id": row["id"],
        "inputs_digest": row["inputs_digest"],
        "published_at": row["published_at"],
        "zones": row["zones"],
        "bounds": row["bounds"],
        "manifest": public(row["manifest"]),
    }
    return answers.from_release(payload, Release(row["id"], row["schema_name"]), varies=str(row["published_at"]))


@blueprint.get("/releases")
def all_kept() -> Response:
    """Answer the kept releases, newest first."""

    def work(connection: Reader) -> list[dict[str, Any]]:
        return releases.kept(connection) if releases.has_catalog(connection) else []

    return answers.plain({"releases": [_entry(row) for row in database().read(work)]})


@blueprint.get("/releases/<release_id>")
def one(release_id: str) -> Response:
    """Answer a kept release; 404 for every other."""
    row = _find(release_id)
    if row is None:
        raise NotFoundError(release_id)
    return answers.plain(_entry(row), cache=KEPT)


@blueprint.get("/releases/<release_id>/check")
def check(release_id: str) -> Response:
    """Answer 204 for a kept release, 403 for every other: the answers that nginx's auth_request understands.

    With ``live`` in the query it is 204 for the live release only.
    """
    row = _find(release_id)
    if row is None:
        return answers.message("This release is not kept", 403)
    if "live" in request.args:
        if not row["live"]:
            return answers.message("This release is not live", 403)
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return Response(status=204, headers={"Cache-Control": KEPT})


def _find(release_id: str) -> dict[str, Any] | None:
    if releases.wanted_id(release_id) is None:
        return None
    return database().read(
        lambda connection: releases.find(connection, release_id) if releases.has_catalog(connection) else None
    )


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in INTERNAL}
