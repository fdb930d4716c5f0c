# SPDX-License-Identifier: Apache-2.0
"""Connections of the commands: the database, brought up to date, and the S3 store; and the release to use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
from cosmogony_steps.errors import StepError
from cosmogony_steps.postgres import DatabaseAddress

from ..database import sessions
from ..releases import catalog, migrations

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store
    from cosmogony_steps.settings import Settings


def get_database_address(settings: Settings) -> DatabaseAddress:
    """Return the address of the database, and the role to connect as.

    Raises:
        UsageError: a setting or a credential is missing.
    """
    return DatabaseAddress.from_settings(settings.database, os.environ)


def connect_and_migrate(settings: Settings) -> psycopg.Connection:
    """Connect to the database, and upgrade its catalog to the version of this importer."""
    connection = sessions.connect(get_database_address(settings))
    try:
        migrations.migrate_database(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_bucket(settings: Settings) -> Store:
    """Return the bucket of the stack, as the settings and the environment name it.

    Raises:
        UsageError: a setting or a credential is missing or wrong.
    """
    from cosmogony_steps.s3 import Store  # slow to import, and a rollback does not need it

    return Store.from_settings(settings.storage, os.environ)


def open_bucket_if_configured(settings: Settings) -> Store | None:
    """Return the bucket of the stack; None if the settings name no S3 server."""
    return open_bucket(settings) if settings.storage.endpoint else None


def get_release_or_live(connection: psycopg.Connection, release_id: str) -> catalog.Release:
    """Return the release with this id, or the live one if the id is blank.

    Raises:
        StepError: the release does not exist, or none is live.
    """
    if release_id:
        return catalog.get_release(connection, release_id)
    live = catalog.find_live_release(connection)
    if live is None:
        raise StepError("no release is live yet; publish one, or name one with --release ID")
    return live
