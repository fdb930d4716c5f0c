# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import ArgoError
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_follow import PATIENCE, follow

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


def run(look, clock, **options):
    given = {"seen": {}, "interval": 2, "timeout": 86400, "hold": None, **options}
    return follow(look, clock=clock, sleep=clock.sleep, now=lambda: NOW, **given)


def test_looks_at_once(workflow) -> None:
    clock = Clock()
    observation = run(look_at(workflow("succeeded")), clock)
    assert clock.now == 1000.0
    assert observation.workflow["status"]["phase"] == "Succeeded"
    assert not observation.timed_out


@pytest.mark.parametrize("end", ["succeeded", "failed"])
def test_ends_on_any_end(workflow, end: str) -> None:
    clock = Clock()
    observation = run(look_at(workflow("waiting"), workflow("running"), workflow(end)), clock)
    assert clock.now == 1004.0
    assert observation.workflow == workflow(end)
    assert len(observation.lines) > 3


def test_time_over_carries_the_last_look(workflow) -> None:
    clock = Clock()
    observation = run(look_at(workflow("running")), clock, timeout=10)
    assert observation.timed_out
    assert clock.now <= 1010
    assert observation.workflow == workflow("running")


def test_hold_returns_with_the_first_news(workflow) -> None:
    clock = Clock()
    first = run(look_at(workflow("waiting")), clock, hold=20)
    assert len(first.lines) == 1 and clock.now == 1000
    second = run(
        look_at(workflow("waiting"), workflow("waiting"), workflow("running")), clock, hold=20, seen=first.seen
    )
    assert clock.now == 1004 and second.lines


def test_hold_ends_without_news(workflow) -> None:
    clock = Clock()
    seen = run(look_at(workflow("running")), clock, hold=20).seen
    quiet = run(look_at(workflow("running")), clock, hold=20, seen=seen)
    assert clock.now == 1020
    assert quiet.lines == [] and not quiet.timed_out


def test_the_limit_counts_more_than_news(workflow) -> None:
    observation = run(look_at(workflow("running")), Clock(), hold=0, timeout=0)
    assert observation.lines and observation.timed_out


def test_an_api_that_is_away_for_a_while_is_waited_for(workflow) -> None:
    clock = Clock()
    away = ArgoError("away", temporary=True)
    assert run(look_at(workflow("running"), away, away, workflow("succeeded")), clock).workflow == workflow("succeeded")


def test_an_api_that_stays_away_ends_it() -> None:
    clock = Clock()
    with pytest.raises(ArgoError, match="away"):
        run(look_at(ArgoError("away", temporary=True)), clock)
    assert PATIENCE < clock.now - 1000 <= PATIENCE + 4


def test_a_refusal_ends_it_at_once(workflow) -> None:
    clock = Clock()
    with pytest.raises(ArgoError, match="HTTP 404"):
        run(look_at(workflow("running"), ArgoError("HTTP 404", missing=True)), clock)
    assert clock.now == 1002
