# SPDX-License-Identifier: Apache-2.0
"""Option --require-services: nothing may be left out for want of a server or a program."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

Report = pytest.TestReport | pytest.CollectReport


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--require-services",
        action="store_true",
        help="a test that would be skipped, for want of a server or a program, fails",
    )


def require(report: Report) -> None:
    """Make a failure of a skip. An expected failure (xfail) is reported as a skip, too, and stays one."""
    if report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason.removeprefix('Skipped: ')} (--require-services: no test may be skipped)"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Look at each test."""
    report = yield
    if item.config.getoption("require_services"):
        require(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
    """Look at each file of tests."""
    report = yield
    if collector.config.getoption("require_services"):
        require(report)
    return report
