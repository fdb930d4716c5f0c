# SPDX-License-Identifier: Apache-2.0
"""Routes of the statistics and TileJSON of the live release."""

from __future__ import annotations

import re

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound

from cosmogony_api.answers import answer_from_release
from cosmogony_api.attribution import to_html
from cosmogony_api.context import get_database
from cosmogony_api.models import ExpectedCount, TileJson
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import SelectedRelease, fetch_live_release, select_live_release_with_credits
from cosmogony_api.tilejson import make_tilejson

blueprint = Blueprint("site", __name__)

_STATISTICS = "id, schema_name, statistics::text as statistics"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@blueprint.get("/data/test_results.json")
@declare_operation(list[ExpectedCount], 404, 503, from_release=True)
def get_statistics() -> Response:
    """Return the statistics of the live release: expected counts, and what was counted."""
    row = get_database().read(lambda connection: fetch_live_release(connection, _STATISTICS))
    if row is None or row["statistics"] is None:
        raise NotFound
    return answer_from_release(row["statistics"], SelectedRelease(row["id"], row["schema_name"]))


@blueprint.get("/tiles/cosmogony.json")
@declare_operation(TileJson, 503, from_release=True)
def get_tile_json() -> Response:
    """Return the TileJSON; its tile URLs name the live release."""
    release = get_database().read(select_live_release_with_credits)
    site = find_site_url()
    attribution = to_html(release.credits)
    tilejson = make_tilejson(site, release.id, release.bounds, attribution)
    response = answer_from_release(tilejson, release, varies=f"{site}\0{attribution}")
    response.vary.update(("Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto"))
    return response


def find_site_url() -> str:
    """Return scheme, host and path of the site as the client sees it, without a slash at the end.

    Only the path when the request names no usable host.
    """
    fixed: str = current_app.config["PUBLIC_URL"]
    if fixed:
        return fixed
    scheme = _first(request.headers.get("X-Forwarded-Proto", "")).lower()
    if scheme not in {"http", "https"}:
        scheme = request.scheme
    forwarded = _first(request.headers.get("X-Forwarded-Host", ""))
    host = forwarded if _HOST.fullmatch(forwarded) else request.headers.get("Host", "")
    prefix = _first(request.headers.get("X-Forwarded-Prefix", "")).rstrip("/")
    path = prefix if _PREFIX.fullmatch(prefix) else ""
    return f"{scheme}://{host}{path}" if _HOST.fullmatch(host) else path


def _first(header: str) -> str:
    return header.split(",", 1)[0].strip()
