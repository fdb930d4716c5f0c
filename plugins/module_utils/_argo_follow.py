# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Following a workflow: ask, compare with what was seen, sleep, ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ._argo_status import has_ended, list_changes
from ._kubernetes_api import ApiError

PATIENCE = 120.0  # seconds without an answer of the API before following a workflow fails


class Observation(NamedTuple):
    """A workflow, a line of text for each change since the last observation, and the state of each step by its id."""

    workflow: dict[str, Any]
    lines: list[str]
    seen: dict[str, str]


def wait_for_change(
    look: Callable[[], dict[str, Any]],
    seen: Mapping[str, str],
    *,
    interval: float,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], str] = lambda: datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
) -> Observation:
    """Ask for the workflow now and every ``interval`` seconds, until it changes or ``seconds`` are over; return it.

    Args:
        look: Returns the current workflow.
        seen: What an earlier call returned as ``Observation.seen``.
        interval: Seconds between two looks.
        seconds: Longest time to wait for a change.
        clock: Seconds of a monotonic clock.
        sleep: Waits for seconds.
        now: The time in UTC, as the API writes it.

    Raises:
        ApiError: The API refuses, or has not answered for ``PATIENCE`` seconds.
    """
    began = answered = clock()
    while True:
        try:
            workflow = look()
        except ApiError as error:
            if not error.is_transient or clock() - answered > PATIENCE:
                raise
        else:
            answered = clock()
            observation = Observation(workflow, *list_changes(workflow, seen, now()))
            if observation.lines or has_ended(workflow) or clock() - began + interval > seconds:
                return observation
        sleep(interval)
