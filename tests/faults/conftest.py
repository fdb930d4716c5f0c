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
from faultkit.settings import ROOT, Settings


@pytest.fixture(scope="session")
def _bench() -> Bench:
    """What the playbooks say is kept in artifacts/faults."""
    folder = ROOT / "artifacts/faults"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    return Bench(Settings.from_environment(), folder)


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
