# SPDX-License-Identifier: Apache-2.0
"""Logs: one JSON line per record on standard error. Each request has an id, which its answer repeats."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

RELEASE_HEADER = "X-Cosmogony-Release"
ID_HEADER = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_PROBES = ("/health/live", "/health/ready")

log = logging.getLogger("cosmogony_api.request")


class JsonFormatter(logging.Formatter):
    """Formats log records as lines of JSON, with the id of the request that they belong to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a log record as one line of JSON."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            entry["request_id"] = g.request_id
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def install_request_log(app: Flask) -> None:
    """Make a Flask application give each request an id, and log one line when it ends."""

    @app.before_request
    def start() -> None:
        given = request.headers.get(ID_HEADER, "")
        g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        g.started = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        if "request_id" not in g:
            return response
        response.headers[ID_HEADER] = g.request_id
        if g.get("release_id"):
            response.headers[RELEASE_HEADER] = g.release_id
        fields = {
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round((time.monotonic() - g.started) * 1000, 1),
            "release": g.get("release_id"),
        }
        quiet = request.path in _PROBES and response.status_code < 400
        log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})
        return response
