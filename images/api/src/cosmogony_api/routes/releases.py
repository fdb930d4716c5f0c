# SPDX-License-Identifier: Apache-2.0
"""Routes of the live release and of the kept ones."""

from __future__ import annotations

from flask import Blueprint, Response
from msgspec import UNSET
from werkzeug.exceptions import NotFound

from cosmogony_api import models, releases
from cosmogony_api.answers import NO_STORE, answer_error_message, answer_from_release, answer_json
from cosmogony_api.context import get_database
from cosmogony_api.database import Row
from cosmogony_api.manifest import redact_manifest
from cosmogony_api.models import LiveReleaseDetails, ReleaseCheckQuery, ReleaseId, Releases
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import SelectedRelease

blueprint = Blueprint("releases", __name__)

KEPT = "public, max-age=60"
# Without the manifest's tables of borders left out and repaired: they have thousands of rows for the planet, and the
# site requests the live release each time it loads.
_LIVE = "id, schema_name, inputs_digest, published_at, zones, bounds, manifest - 'left_out' - 'repaired' as manifest"


@blueprint.get("/release")
@declare_operation(LiveReleaseDetails, 404, 503, from_release=True)
def get_live_release() -> Response:
    """Return the live release.

    404 as long as no release is live.
    """
    row = get_database().read(lambda connection: releases.fetch_live_release(connection, _LIVE))
    if row is None:
        raise NotFound
    release = SelectedRelease(row["id"], row.pop("schema_name"))
    answer = LiveReleaseDetails(**{**row, "manifest": redact_manifest(row["manifest"])})
    return answer_from_release(answer, release, varies=str(row["published_at"]))


@blueprint.get("/releases")
@declare_operation(Releases, 503)
def list_releases() -> Response:
    """List the kept releases, newest first."""
    rows = get_database().read(releases.fetch_kept_releases)
    return answer_json(Releases(releases=[_to_release(row) for row in rows]))


@blueprint.get("/releases/<id>")
@declare_operation(models.Release, 404, 503)
def get_release(id: ReleaseId) -> Response:
    """Return a kept release."""
    row = _find(id)
    if row is None:
        raise NotFound
    return answer_json(_to_release(row), cache=KEPT)


@blueprint.get("/releases/<id>/check")
@declare_operation(None, 403, 503)
def check_release(id: ReleaseId, query: ReleaseCheckQuery) -> Response:
    """Answer whether a release is kept, for auth_request of nginx.

    With `live` in the query: whether it is the live one.
    """
    row = _find(id)
    if row is None:
        return answer_error_message("This release is not kept", 403)
    if query.live is UNSET:
        return Response(status=204, headers={"Cache-Control": KEPT})
    if not row["live"]:
        return answer_error_message("This release is not live", 403)
    return Response(status=204, headers={"Cache-Control": NO_STORE})


def _find(release_id: str) -> Row | None:
    if releases.parse_release_id(release_id) is None:
        return None
    return get_database().read(lambda connection: releases.fetch_kept_release(connection, release_id))


def _to_release(row: Row) -> models.Release:
    return models.Release(**{name: row[name] for name in models.Release.__struct_fields__})
