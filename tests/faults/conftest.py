# SPDX-License-Identifier: Apache-2.0
"""Updates and faults on the running stack of the scenario data_update, which gives the addresses in SCENARIO_*."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scenario.report import ROWS, table
from scenario.stack import Stack


@pytest.fixture(scope="session")
def _stack() -> Stack:
    return Stack.of_scenario("faults")


@pytest.fixture
def stack(_stack: Stack) -> Iterator[Stack]:
    """The stack with nothing broken, before and after."""
    _stack.settle()
    yield _stack
    _stack.settle()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.write_sep("=", "faults")
        for line in table(ROWS):
            terminalreporter.write_line(line)
