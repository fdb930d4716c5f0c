# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import DATA


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA


@pytest.fixture(scope="session")
def luxembourg() -> Path:
    return DATA / "luxembourg_filtered.osm.pbf"


@pytest.fixture(scope="session")
def liechtenstein() -> Path:
    return DATA / "liechtenstein-2013-08-03.osm.pbf"


@pytest.fixture
def beside() -> Iterator[None]:
    """Two other programs that compute as much as they can."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for other in others:
        other.kill()
        other.wait()
