# SPDX-License-Identifier: Apache-2.0
"""Answers and their headers: JSON, the release they were read from, caching."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, json, jsonify, request

from cosmogony_api.context import remember
from cosmogony_api.releases import Release

# A release never changes, but the live one may be another in a second: ask again, mostly for a 304.
LIVE = "public, max-age=0, must-revalidate"
PINNED = "public, max-age=3600"
# An original database has no release to compare with.
UNKNOWN = "public, max-age=60"
NO_STORE = "no-store"


@cache
def build_digest() -> str:
    """Digest of this package: another version of the API may answer in another shape."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".json"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def from_release(payload: Any, release: Release, *, varies: str = "") -> Response:
    """Answer with something read from ``release``; ``varies`` is what else the answer depends on."""
    remember(release)
    body = payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":"))
    response = Response(body + "\n", mimetype="application/json")
    if release.id is None:
        response.headers["Cache-Control"] = UNKNOWN
        return response
    response.headers["Cache-Control"] = PINNED if release.pinned else LIVE
    tag = hashlib.sha256(f"{release.id}\0{build_digest()}\0{varies}".encode()).hexdigest()[:8]
    response.set_etag(f"{release.id}-{tag}", weak=True)
    response.make_conditional(request)
    return response


def plain(payload: Any, *, status: int = 200, cache: str = NO_STORE) -> Response:
    """Answer with something that belongs to no release."""
    response = jsonify(payload)
    response.status_code = status
    response.headers["Cache-Control"] = cache
    return response


def message(text: str, status: int) -> Response:
    """Answer with a message, as all errors do."""
    return plain({"message": text}, status=status)
