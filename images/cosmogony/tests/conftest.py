# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "src")]

DATA = _HERE / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA


@pytest.fixture(scope="session")
def luxembourg() -> Path:
    return DATA / "luxembourg_filtered.osm.pbf"


@pytest.fixture(scope="session")
def liechtenstein() -> Path:
    return DATA / "liechtenstein-2013-08-03.osm.pbf"
