# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a real PostgreSQL with PostGIS for the session, a database for each test that asks for one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from throwaway import postgis, root  # noqa: E402


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgis.Server]:
    try:
        server = postgis.server()
    except root.Unavailable as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()
