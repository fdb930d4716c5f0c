# SPDX-License-Identifier: Apache-2.0
"""The Flask application: its settings, database pool and routes, and errors answered as JSON."""

from __future__ import annotations

import logging
import os

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cosmogony_api import context
from cosmogony_api.answers import answer_message
from cosmogony_api.database import Database
from cosmogony_api.errors import UnavailableError
from cosmogony_api.requestlog import install_request_log
from cosmogony_api.routes import register_routes
from cosmogony_api.settings import Settings

MESSAGES = {404: "Not found", 405: "Method not allowed"}

log = logging.getLogger("cosmogony_api")


def create_app(settings: Settings | None = None) -> Flask:
    """Make the Flask application; it connects to the database in the background."""
    settings = settings or Settings.from_environment(os.environ)
    # Without a static folder: Flask would add a route for it.
    app = Flask("cosmogony_api", static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["PUBLIC_URL"] = settings.public_url
    app.url_map.merge_slashes = False
    install_request_log(app)
    register_routes(app)
    _handle_errors(app)
    database = Database(settings)
    database.open()
    app.extensions[context.EXTENSION] = database
    return app


def _handle_errors(app: Flask) -> None:
    @app.errorhandler(UnavailableError)
    def unavailable(error: UnavailableError) -> Response:
        log.warning("%s: %s", error.message, error.cause or "-")
        response = answer_message(error.message, 503)
        response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.code or 500
        response = answer_message(MESSAGES.get(code, error.name), code)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return answer_message("Internal server error", 500)
