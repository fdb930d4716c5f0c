# SPDX-License-Identifier: Apache-2.0
"""What belongs to the running application."""

from __future__ import annotations

from flask import current_app, g

from cosmogony_api.database import Database
from cosmogony_api.releases import Release

EXTENSION = "cosmogony_database"


def database() -> Database:
    """Return the pool of this application."""
    found: Database = current_app.extensions[EXTENSION]
    return found


def remember(release: Release) -> Release:
    """Note from which release this request is answered, for the header and the log."""
    g.release_id = release.id
    return release
