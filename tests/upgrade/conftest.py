# SPDX-License-Identifier: Apache-2.0
"""An earlier deployment on the services of the scenario upgrade, which gives the addresses in SCENARIO_*."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from scenario.stack import Stack

SEEN: list[str] = []


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # As if it were interrupted by hand: fixtures clean up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stack = Stack.of_scenario("upgrade")
    stack.settle()
    yield stack
    stack.settle()


@pytest.fixture(scope="session")
def seen() -> list[str]:
    """Lines of the summary."""
    return SEEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SEEN:
        terminalreporter.write_sep("=", "upgrade")
        for line in SEEN:
            terminalreporter.write_line(line)
