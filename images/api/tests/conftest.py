# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL with PostGIS, filled by the real importer with a small made-up country."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cosmogony_api.app import create_app
from cosmogony_api.context import EXTENSION
from cosmogony_api.settings import Settings
from flask.testing import FlaskClient
from services import postgis

from .support import data


@pytest.fixture(scope="module")
def published(postgres: postgis.Server) -> Iterator[str]:
    """A database with one live release and an earlier one that is kept."""
    name = postgres.create_database("api")
    data.publish(postgres, name, data.OLD, data.zones(country="Oldland"))
    data.publish(postgres, name, data.NEW, data.zones())
    yield name
    postgres.drop_database(name)


@pytest.fixture
def empty(postgres: postgis.Server) -> Iterator[str]:
    """A database in which nothing was ever imported."""
    name = postgres.create_database("api")
    yield name
    postgres.drop_database(name)


@pytest.fixture
def make_client(postgres: postgis.Server) -> Iterator[object]:
    """A function that makes a client of an application over a database."""
    made = []

    def make(database: str, **environment: str) -> FlaskClient:
        app = create_app(Settings.from_environment({**postgres.environment(database), **environment}))
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions[EXTENSION].close()


@pytest.fixture
def client(make_client, published: str) -> FlaskClient:
    """A client of the published data."""
    return make_client(published)
