# SPDX-License-Identifier: Apache-2.0
"""How module readiness waits: without services, with a clock of our own."""

from __future__ import annotations

import re

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._services.errors import ServiceError, make_refusal
from ansible_collections.cosmogony.stack.plugins.module_utils._services.options import check_connection_options
from ansible_collections.cosmogony.stack.plugins.module_utils._services.waiting import AwaitedService, wait_for_services
from ansible_collections.cosmogony.stack.plugins.modules.readiness import describe_option_errors
from hypothesis import given
from hypothesis import strategies as st


class Clock:
    """Time that passes only when somebody sleeps or a probe takes long."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def later() -> ServiceError:
    return ServiceError("unreachable", "cannot be reached (connection refused)", "check that it runs")


def answers(*steps, clock=None, takes=0.0):
    """A probe that gives or raises one step after the other, the last for ever."""
    left = list(steps)

    def probe(_timeout):
        if clock:
            clock.time += takes
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, Exception):
            raise step
        return step

    return probe


def test_ready_service_is_asked_once():
    clock = Clock()
    backend = AwaitedService("x", answers({"a": 1}, clock=clock, takes=0.25))
    assert wait_for_services([backend], 60, 2, now=clock.now, sleep=clock.sleep) == 0.25
    assert clock.slept == []
    assert backend.to_result() == {
        "ready": True,
        "reason": "ready",
        "attempts": 1,
        "latency_ms": 250.0,
        "last_error": None,
        "a": 1,
    }


def test_asks_only_the_service_that_is_not_ready_again():
    clock = Clock()
    slow, quick = AwaitedService("slow", answers(later(), later(), {})), AwaitedService("quick", answers({}))
    wait_for_services([slow, quick], 60, 2, now=clock.now, sleep=clock.sleep)
    assert (slow.attempts, quick.attempts, clock.slept) == (3, 1, [2, 2])
    assert slow.ready
    assert slow.to_result()["last_error"].startswith("cannot be reached")


def test_refusal_ends_the_waiting_after_all_were_asked_once():
    clock = Clock()
    no = AwaitedService("no", answers(make_refusal("password_refused", "password refused", "check it")))
    other = AwaitedService("other", answers(later()))
    wait_for_services([no, other], 600, 2, now=clock.now, sleep=clock.sleep)
    assert (no.attempts, other.attempts, clock.slept) == (1, 1, [])
    assert no.describe_failure(0) == "no: password refused: check it"


def test_timeout_reports_the_last_error():
    clock = Clock()
    backend = AwaitedService("S3 endpoint http://h:1", answers(ServiceError("a", "first", "x"), later()))
    elapsed = wait_for_services([backend], 5, 2, now=clock.now, sleep=clock.sleep)
    assert (elapsed, backend.attempts, clock.slept) == (5, 4, [2, 2, 1])
    assert backend.describe_failure(elapsed) == (
        "S3 endpoint http://h:1: cannot be reached (connection refused), still so after 5 s and 4 attempts:"
        " check that it runs"
    )
    assert backend.to_result()["reason"] == "unreachable"


def test_timeout_zero_asks_once():
    clock = Clock()
    backend = AwaitedService("x", answers(later()))
    wait_for_services([backend], 0, 2, now=clock.now, sleep=clock.sleep)
    assert (backend.attempts, clock.slept) == (1, [])
    assert "still so after 0 s and 1 attempt:" in backend.describe_failure(0)


def test_attempts_get_the_remaining_time_within_bounds():
    clock = Clock()
    timeouts = []

    def probe(timeout):
        timeouts.append(timeout)
        clock.time += 4
        raise later()

    wait_for_services([AwaitedService("x", probe)], 10, 2, now=clock.now, sleep=clock.sleep)
    assert timeouts == [5, 4]


@given(
    timeout=st.integers(0, 300),
    interval=st.floats(0.1, 60),
    takes=st.floats(0, 5),
    needed=st.integers(1, 20),
)
def test_never_waits_much_longer_than_the_timeout(timeout, interval, takes, needed):
    clock = Clock()
    backend = AwaitedService("x", answers(*[later()] * needed, {}, clock=clock, takes=takes))
    elapsed = wait_for_services([backend], timeout, interval, now=clock.now, sleep=clock.sleep)
    assert elapsed <= timeout + 2 * takes + 1e-6
    assert backend.attempts >= 1
    assert all(pause > 0 for pause in clock.slept)
    if not backend.ready:
        assert elapsed >= timeout


SECRET = {"namespace": "geo", "name": "s3"}


@pytest.mark.parametrize(
    ("minio", "postgres", "part"),
    [
        ({"endpoint": "http://h:9000"}, None, "minio.endpoint is 'http://h:9000': give host:port without a scheme"),
        (
            {"access_key": ""},
            None,
            "minio.access_key is empty: give a value, or name a Secret in minio.existing_secret",
        ),
        ({"secret_key": ""}, None, "minio.secret_key is empty"),
        (
            {"secret_key": "", "existing_secret": SECRET},
            None,
            "key secretkey of Secret geo/s3 (minio.existing_secret) is empty",
        ),
        (None, {"password": ""}, "postgres.password is empty"),
        (None, {"password": "p\n"}, "postgres.password holds a line feed"),
        ({"access_key": "a\n"}, None, "minio.access_key holds a line feed: correct it"),
        (
            {"access_key": "a\n", "existing_secret": SECRET},
            None,
            "key accesskey of Secret geo/s3 (minio.existing_secret) holds a line feed: make the Secret again from what"
            " printf %s writes",
        ),
    ],
)
def test_names_connection_options_that_cannot_be_right(minio, postgres, part):
    store = {"endpoint": "h:9000", "access_key": "a", "secret_key": "s", **minio} if minio else None
    server = {"user": "u", "password": "p", **postgres} if postgres else None
    with pytest.raises(ValueError, match=re.escape(part)):
        check_connection_options("minio" if store else "postgres", store or server)


def test_refuses_impossible_times():
    params = {"minio": None, "timeout": 1, "interval": 0.0}
    assert "interval must be above 0" in describe_option_errors(params)
    assert "timeout must not be below 0" in describe_option_errors({**params, "timeout": -1, "interval": 1.0})


def test_refuses_to_create_a_bucket_and_names_the_module_that_does():
    params = {"minio": {"create_bucket": True}, "timeout": 1, "interval": 1.0}
    expected = "minio.create_bucket has moved: create the bucket with module cosmogony.stack.s3_bucket"
    assert describe_option_errors(params) == expected
