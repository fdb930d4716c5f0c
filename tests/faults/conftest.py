# SPDX-License-Identifier: Apache-2.0
"""Updates and faults on the running stack of the scenario data_update, which gives the addresses in SCENARIO_*."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faultkit.bench import Bench
from faultkit.report import ROWS, table


@pytest.fixture(scope="session")
def _bench() -> Bench:
    return Bench.of_scenario("faults")


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
