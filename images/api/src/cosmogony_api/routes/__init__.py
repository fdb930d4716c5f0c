# SPDX-License-Identifier: Apache-2.0
"""The routes of the API, one module per subject."""

from __future__ import annotations

from flask import Flask

from cosmogony_api.routes import health, releases, site, zones
from cosmogony_api.routes.v1 import documentation, export, operations, reverse, search
from cosmogony_api.routes.v1 import releases as v1_releases
from cosmogony_api.routes.v1 import zones as v1_zones

_MODULES = (zones, releases, site, health, v1_zones, reverse, search, export, v1_releases, operations, documentation)


def register_routes(app: Flask) -> None:
    """Add all routes to a Flask application."""
    for module in _MODULES:
        app.register_blueprint(module.blueprint)
