# SPDX-License-Identifier: Apache-2.0
"""The routes of the API, one module per subject."""

from __future__ import annotations

from flask import Flask

from cosmogony_api.routes import health, releases, site, zones


def register_routes(app: Flask) -> None:
    """Add all routes to a Flask application."""
    for module in (zones, releases, site, health):
        app.register_blueprint(module.blueprint)
