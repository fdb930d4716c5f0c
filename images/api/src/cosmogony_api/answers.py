# SPDX-License-Identifier: Apache-2.0
"""Responses: JSON, problems, the release that they were read from, caching."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path

import msgspec
from flask import Response, request

from cosmogony_api.context import record_release
from cosmogony_api.models import Answer, Message
from cosmogony_api.models_v1 import Problem
from cosmogony_api.releases import SelectedRelease

# For answers from the live release: another one may become live any second, so clients ask each time, mostly for a 304.
LIVE = "public, max-age=0, must-revalidate"
PINNED = "public, max-age=3600"
# For answers from a database of the original importer: without a release id they have no ETag to ask again with.
UNKNOWN = "public, max-age=60"
NO_STORE = "no-store"
PROBLEM_TYPE = "application/problem+json"


@cache
def hash_package_code() -> str:
    """Return 8 hex digits of a hash of this package's files, for ETags: other code may answer in another shape."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".json"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:8]


def answer_from_release(content: Answer | str, release: SelectedRelease, *, varies: str = "") -> Response:
    """Make the response to content read from a release: JSON with ETag and Cache-Control, or 304 without a body.

    Args:
        content: the answer, or its JSON text.
        release: the release that it was read from.
        varies: what the answer depends on in addition to the release, for the ETag.
    """
    return _add_release_headers(_to_response(content), release, varies=varies)


def answer_v1_from_release(content: Answer, release: SelectedRelease, *, varies: str = "") -> Response:
    """Make the response of a route under /v1 to content read from a release; as `answer_from_release`, in UTF-8."""
    return _add_release_headers(_to_utf8(content), release, varies=varies)


def stream_from_release(chunks: Iterable[bytes], release: SelectedRelease, mimetype: str) -> Response:
    """Make a response that is sent while it is made; proxies pass on each part immediately and keep none."""
    response = Response(chunks, mimetype=mimetype)
    # Otherwise werkzeug reads all of it to compute Content-Length.
    response.implicit_sequence_conversion = False
    _add_release_headers(response, release)
    response.headers["Cache-Control"] = LIVE
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _add_release_headers(response: Response, release: SelectedRelease, *, varies: str = "") -> Response:
    """Give a response the ETag and Cache-Control of a release, or make it a 304 without a body."""
    record_release(release)
    if release.id is None:
        response.headers["Cache-Control"] = UNKNOWN
        return response
    response.headers["Cache-Control"] = PINNED if release.pinned else LIVE
    tag = hashlib.sha256(f"{release.id}\0{hash_package_code()}\0{varies}".encode()).hexdigest()[:8]
    response.set_etag(f"{release.id}-{tag}", weak=True)
    response.make_conditional(request)
    return response


def answer_json(content: Answer, *, status: int = 200, cache: str = NO_STORE) -> Response:
    """Make a JSON response without ETag, not read from the tables of a release; `cache` is its Cache-Control."""
    response = _to_response(content)
    response.status_code = status
    response.headers["Cache-Control"] = cache
    return response


def answer_error_message(text: str, status: int) -> Response:
    """Make the JSON response of an error: `{"message": text}`, which nobody may cache."""
    return answer_json(Message(message=text), status=status)


def answer_problem(status: int, detail: str) -> Response:
    """Make the response of an error under /v1: a problem document (RFC 9457), which nobody may cache."""
    response = _to_utf8(Problem("about:blank", HTTPStatus(status).phrase, status, detail))
    response.status_code = status
    response.mimetype = PROBLEM_TYPE
    response.headers["Cache-Control"] = NO_STORE
    return response


def _to_utf8(content: Answer) -> Response:
    return Response(msgspec.json.encode(content) + b"\n", mimetype="application/json")


def _to_response(content: Answer | str) -> Response:
    # json instead of msgspec's encoder, which would not escape non-ASCII characters as the original API does, and would
    # end times with "Z" instead of "+00:00".
    if not isinstance(content, str):
        values = msgspec.to_builtins(content, builtin_types=(datetime,))
        content = json.dumps(values, separators=(",", ":"), default=datetime.isoformat)
    return Response(f"{content}\n", mimetype="application/json")
