# SPDX-License-Identifier: Apache-2.0
"""When a step that does not change is reported, and how often."""

from __future__ import annotations

from ansible_collections.cosmogony.stack.plugins.module_utils._argo_standstill import LONGEST, StandstillReporter
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import describe_active_steps

STEP = {"node": "extract(world) running 3/9"}


def test_changing_step_is_not_reported() -> None:
    reporter = StandstillReporter(300)
    for minute in range(60):
        assert reporter.report({"node": f"extract running {minute // 4}/15"}, minute * 60.0) == []


def test_reports_after_the_limit_then_at_growing_intervals() -> None:
    reporter = StandstillReporter(300)
    said = {now: line for now in range(0, 20_000, 20) for line in reporter.report(STEP, float(now))}
    assert list(said) == [300, 600, 1200, 2400, 4800, 8400, 12_000, 15_600, 19_200]
    assert said[300] == "extract(world) running 3/9: no progress for 5 min"
    assert said[4800].endswith("no progress for 80 min")
    assert LONGEST == 8400 - 4800


def test_reports_only_the_step_that_does_not_change() -> None:
    reporter = StandstillReporter(60)
    lines = [reporter.report({**STEP, "other": f"fetch(a) running {now}/900"}, float(now)) for now in (0, 40, 80)]
    assert lines == [[], [], ["extract(world) running 3/9: no progress for 1 min"]]


def test_progress_restarts_the_time() -> None:
    reporter = StandstillReporter(300)
    reporter.report(STEP, 0.0)
    reporter.report(STEP, 200.0)
    assert reporter.report({"node": "extract(world) running 4/9"}, 310.0) == []
    assert reporter.report({"node": "extract(world) running 4/9"}, 600.0) == []
    assert len(reporter.report({"node": "extract(world) running 4/9"}, 610.0)) == 1


def test_forgets_steps_that_have_ended() -> None:
    reporter = StandstillReporter(300)
    reporter.report(STEP, 0.0)
    reporter.report({}, 200.0)
    assert reporter.report(STEP, 400.0) == []


def test_limit_of_zero_reports_nothing() -> None:
    reporter = StandstillReporter(0)
    assert [reporter.report(STEP, now) for now in (0.0, 1e6)] == [[], []]


def test_what_is_list_active_steps(workflow) -> None:
    assert list(describe_active_steps(workflow("running")).values())
    assert describe_active_steps(workflow("succeeded")) == {}
    (waiting,) = describe_active_steps(workflow("waiting")).values()
    assert "waits for lock" in waiting
