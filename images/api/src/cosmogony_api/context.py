# SPDX-License-Identifier: Apache-2.0
"""Settings and database of the running application, and the release of the current request."""

from __future__ import annotations

from flask import current_app, g

from cosmogony_api.database import Database
from cosmogony_api.releases import SelectedRelease
from cosmogony_api.settings import Settings

EXTENSION = "cosmogony_database"
SETTINGS = "cosmogony_settings"


def get_database() -> Database:
    """Return the database pool of the running Flask application."""
    database: Database = current_app.extensions[EXTENSION]
    return database


def get_settings() -> Settings:
    """Return the settings of the running Flask application."""
    settings: Settings = current_app.extensions[SETTINGS]
    return settings


def record_release(release: SelectedRelease) -> SelectedRelease:
    """Record which release the current request is answered from, for a header and the log; return the release."""
    g.release_id = release.id
    return release
