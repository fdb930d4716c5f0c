# SPDX-License-Identifier: Apache-2.0
"""When a step that does not move is named, and how often."""

from __future__ import annotations

from ansible_collections.cosmogony.stack.plugins.module_utils._argo_silence import LONGEST, Silence
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import at_work

STEP = {"node": "extract(world) running 3/9"}


def test_a_step_that_moves_is_not_named() -> None:
    silence = Silence(300)
    for minute in range(60):
        assert silence.lines({"node": f"extract running {minute // 4}/15"}, minute * 60.0) == []


def test_it_is_named_after_the_limit_and_then_more_and_more_rarely() -> None:
    silence = Silence(300)
    said = {now: line for now in range(0, 20_000, 20) for line in silence.lines(STEP, float(now))}
    assert list(said) == [300, 600, 1200, 2400, 4800, 8400, 12_000, 15_600, 19_200]
    assert said[300] == "extract(world) running 3/9: no progress for 5 min"
    assert said[4800].endswith("no progress for 80 min")
    assert LONGEST == 8400 - 4800


def test_one_of_several_stands_still() -> None:
    silence = Silence(60)
    lines = [silence.lines({**STEP, "other": f"fetch(a) running {now}/900"}, float(now)) for now in (0, 40, 80)]
    assert lines == [[], [], ["extract(world) running 3/9: no progress for 1 min"]]


def test_progress_begins_the_time_anew() -> None:
    silence = Silence(300)
    silence.lines(STEP, 0.0)
    silence.lines(STEP, 200.0)
    assert silence.lines({"node": "extract(world) running 4/9"}, 310.0) == []
    assert silence.lines({"node": "extract(world) running 4/9"}, 600.0) == []
    assert len(silence.lines({"node": "extract(world) running 4/9"}, 610.0)) == 1


def test_a_step_that_has_ended_is_forgotten() -> None:
    silence = Silence(300)
    silence.lines(STEP, 0.0)
    silence.lines({}, 200.0)
    assert silence.lines(STEP, 400.0) == []


def test_no_limit() -> None:
    silence = Silence(0)
    assert [silence.lines(STEP, now) for now in (0.0, 1e6)] == [[], []]


def test_what_is_at_work(workflow) -> None:
    assert list(at_work(workflow("running")).values())
    assert at_work(workflow("succeeded")) == {}
    (waiting,) = at_work(workflow("waiting")).values()
    assert "waits for lock" in waiting
