# SPDX-License-Identifier: Apache-2.0
"""Updates and faults on the running stack of the scenario data_update, which gives the addresses in FAULTS_*."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from faultkit.bench import Bench
from faultkit.report import ROWS, table
from faultkit.settings import Settings


@pytest.fixture(scope="session")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(Settings.from_environment(), tmp_path_factory.mktemp("faults"))


@pytest.fixture
def bench(_bench: Bench) -> Iterator[Bench]:
    """The stack with nothing broken, before and after."""
    _bench.settle()
    yield _bench
    _bench.settle()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.write_sep("=", "faults")
        for line in table(ROWS):
            terminalreporter.write_line(line)
