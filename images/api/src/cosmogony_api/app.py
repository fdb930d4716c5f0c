# SPDX-License-Identifier: Apache-2.0
"""The Flask application: its settings, database pool and routes, and errors answered as JSON."""

from __future__ import annotations

import logging
import os

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from cosmogony_api import context
from cosmogony_api.answers import answer_error_message, answer_problem
from cosmogony_api.database import Database
from cosmogony_api.errors import UnavailableError
from cosmogony_api.metrics import install_metrics
from cosmogony_api.operations import is_v1
from cosmogony_api.parameters import decode_text
from cosmogony_api.requestlog import install_request_log
from cosmogony_api.routes import register_routes
from cosmogony_api.settings import Settings

MAX_BODY_BYTES = 2 * 1024 * 1024  # 10,000 points as JSON, with room to spare
MESSAGES = {404: "Not found", 405: "Method not allowed"}
# In place of werkzeug's sentences about addresses that nobody typed.
DETAILS = {
    404: "There is nothing at this address; /v1/openapi.json lists those that exist",
    405: "This address does not take this method; the header Allow lists those that it takes",
    413: f"The body is larger than {MAX_BODY_BYTES} bytes",
}

log = logging.getLogger("cosmogony_api")


def create_app(settings: Settings | None = None) -> Flask:
    """Make the Flask application; it connects to the database in the background."""
    settings = settings or Settings.from_environment(os.environ)
    # Without a static folder: Flask would add a route for it.
    app = Flask("cosmogony_api", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["PUBLIC_URL"] = settings.public_url
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.merge_slashes = False
    install_request_log(app)
    install_metrics(app)
    register_routes(app)
    _handle_errors(app)
    database = Database(settings)
    database.open()
    app.extensions[context.EXTENSION] = database
    app.extensions[context.SETTINGS] = settings
    return app


def _handle_errors(app: Flask) -> None:
    @app.before_request
    def check_path() -> None:
        if is_v1(request.path):
            decode_text(request.environ["PATH_INFO"].encode("latin-1"), "The path")

    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        log.warning("%s: %s", error.message, error.cause or "-")
        response = _answer_error(503, error.message, error.message)
        response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.code or 500
        is_default = error.description == type(error).description
        detail = DETAILS.get(code, error.name) if is_default else error.description
        response = _answer_error(code, MESSAGES.get(code, error.name), detail or error.name)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return _answer_error(500, "Internal server error", "Internal server error")


def _answer_error(status: int, message: str, detail: str) -> Response:
    return answer_problem(status, detail) if is_v1(request.path) else answer_error_message(message, status)
