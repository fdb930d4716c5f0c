# SPDX-License-Identifier: Apache-2.0
"""The loop that waits for the next change of a workflow."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_follow import PATIENCE, wait_for_change
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import ApiError

NOW = "2026-11-23T14:31:30Z"


class Clock:
    """Time that passes only while sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def look_at(*answers):
    left = list(answers)

    def look():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return look


def run(look, clock, *, seen=None, seconds=20):
    return wait_for_change(
        look, seen or {}, interval=2, seconds=seconds, clock=clock, sleep=clock.sleep, now=lambda: NOW
    )


def test_returns_a_workflow_that_has_ended_immediately(workflow) -> None:
    clock = Clock()
    assert run(look_at(workflow("succeeded")), clock).workflow["status"]["phase"] == "Succeeded"
    assert clock.now == 1000


def test_returns_with_the_first_change(workflow) -> None:
    clock = Clock()
    first = run(look_at(workflow("waiting")), clock)
    assert len(first.lines) == 1 and clock.now == 1000
    second = run(look_at(workflow("waiting"), workflow("waiting"), workflow("running")), clock, seen=first.seen)
    assert clock.now == 1004 and second.lines


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_returns_with_the_end(workflow, end: str) -> None:
    clock = Clock()
    seen = run(look_at(workflow("running")), clock).seen
    observation = run(look_at(workflow("running"), workflow(end)), clock, seen=seen)
    assert clock.now == 1002
    assert observation.workflow == workflow(end)


def test_returns_without_a_change_when_the_time_is_over(workflow) -> None:
    clock = Clock()
    seen = run(look_at(workflow("running")), clock).seen
    quiet = run(look_at(workflow("running")), clock, seen=seen)
    assert clock.now == 1020
    assert quiet.lines == []


def test_waits_for_an_api_that_is_away_for_a_while(workflow) -> None:
    away = ApiError("away")
    assert run(look_at(away, away, workflow("succeeded")), Clock()).workflow == workflow("succeeded")


def test_gives_up_an_api_that_stays_away() -> None:
    clock = Clock()
    with pytest.raises(ApiError, match="away"):
        run(look_at(ApiError("away")), clock)
    assert PATIENCE < clock.now - 1000 <= PATIENCE + 4


def test_refusal_ends_it_immediately(workflow) -> None:
    clock = Clock()
    seen = run(look_at(workflow("running")), clock).seen
    with pytest.raises(ApiError, match="HTTP 404"):
        run(look_at(workflow("running"), ApiError("HTTP 404", 404)), clock, seen=seen)
    assert clock.now == 1002
