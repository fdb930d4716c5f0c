# SPDX-License-Identifier: Apache-2.0
"""Metrics for Prometheus: requests by route, method and status, how long they take, and long answers."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import Counter, Gauge, Histogram

from cosmogony_api.operations import to_template

REQUESTS = Counter("cosmogony_api_requests_total", "Requests that were answered", ["method", "route", "status"])
SECONDS = Histogram(
    "cosmogony_api_request_seconds",
    "Seconds until an answer, or the first part of a long one, was ready",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LONG_ANSWERS = Gauge(
    "cosmogony_api_long_answers",
    "Exports, batches and lists of changes that are being sent",
    multiprocess_mode="livesum",
)
INCOMPLETE = Counter(
    "cosmogony_api_incomplete_answers_total", "Long answers that ended before they were complete", ["cause"]
)

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def install_metrics(app: Flask) -> None:
    """Count the requests of a Flask application."""

    @app.after_request
    def count(response: Response) -> Response:
        # Paths and methods that nobody described are one series, whatever a client invents.
        route = to_template(request.url_rule) if request.url_rule else "unknown"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        if "started" in g:
            SECONDS.labels(route).observe(time.monotonic() - g.started)
        return response
