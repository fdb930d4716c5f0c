# SPDX-License-Identifier: Apache-2.0
"""What the site reads beside zones: statistics and TileJSON of the live release, the OpenAPI document."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from flask import Blueprint, Response, current_app, request

from cosmogony_api import answers, releases, tilejson
from cosmogony_api.context import database
from cosmogony_api.database import Reader
from cosmogony_api.errors import NotFoundError
from cosmogony_api.releases import Release

blueprint = Blueprint("site", __name__)

_STATISTICS = "select id, schema_name, statistics::text as statistics from public.cosmogony_release"
_BOUNDS = "select id, schema_name, bounds from public.cosmogony_release"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@blueprint.get("/data/test_results.json")
def statistics() -> Response:
    """Answer the statistics of the live release: the plain array."""

    def work(connection: Reader) -> dict[str, Any]:
        row = connection.execute(_STATISTICS).fetchone() if releases.has_catalog(connection) else None
        if row is None or row["statistics"] is None:
            raise NotFoundError("statistics")
        return row

    row = database().read(work)
    return answers.from_release(row["statistics"], Release(row["id"], row["schema_name"]))


@blueprint.get("/tiles/cosmogony.json")
def tiles() -> Response:
    """Answer the TileJSON with tile URLs of the live release."""

    def work(connection: Reader) -> tuple[Release, list[float] | None]:
        release = releases.resolve(connection)
        if release.id is None:
            return release, None
        row = connection.execute(_BOUNDS).fetchone()
        # Published since the line above: what this statement saw is one release too.
        return (release, None) if row is None else (Release(row["id"], row["schema_name"]), row["bounds"])

    release, bounds = database().read(work)
    base = public_base()
    attribution: str = current_app.config["ATTRIBUTION"]
    document = tilejson.document(base, release.id, bounds, attribution)
    response = answers.from_release(document, release, varies=f"{base}\0{attribution}")
    response.vary.update(("Host", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto"))
    return response


def public_base() -> str:
    """Return scheme, host and path under which the client sees the site, without a slash at the end."""
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
    # Without a usable host the URL is relative to the server's root.
    return f"{scheme}://{host}{path}" if _HOST.fullmatch(host) else path


def _first(header: str) -> str:
    return header.split(",", 1)[0].strip()


@cache
def openapi_text() -> str:
    """Return the OpenAPI document as it is shipped."""
    return resources.files("cosmogony_api").joinpath("openapi.json").read_text(encoding="utf-8")


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Answer the description of this API."""
    response = Response(openapi_text(), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.set_etag(answers.build_digest(), weak=True)
    response.make_conditional(request)
    return response
