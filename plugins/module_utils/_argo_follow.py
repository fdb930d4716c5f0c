# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Following a workflow: ask, compare with what was seen, sleep, ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import ArgoError
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import ended, news

WAIT_TIMEOUT = 86400  # seconds that a workflow is followed unless another limit is given
PATIENCE = 120.0  # seconds without an answer of the API


@dataclass(slots=True)
class Observation:
    """The last look at a workflow."""

    workflow: dict[str, Any]
    seen: dict[str, str]
    lines: list[str] = field(default_factory=list)
    timed_out: bool = False


def follow(
    look: Callable[[], dict[str, Any]],
    *,
    seen: Mapping[str, str],
    interval: float,
    timeout: float,
    hold: float | None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], str] = lambda: datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
) -> Observation:
    """Look at once and then every ``interval`` seconds, until the workflow has ended or ``timeout`` is over.

    Args:
        look: Returns the workflow as it is now.
        seen: What an earlier call returned as ``Observation.seen``.
        interval: Seconds between two looks.
        timeout: Seconds to follow it at most.
        hold: When given, return also with the first news, and after that many seconds without any.
        clock: Seconds of a monotonic clock.
        sleep: Waits for seconds.
        now: The time in UTC, as the API writes it.

    Raises:
        ArgoError: The API refuses, or has not answered for ``PATIENCE`` seconds.
    """
    began = answered = clock()
    observation: Observation | None = None
    while True:
        try:
            workflow = look()
        except ArgoError as error:
            if not error.temporary or clock() - answered > PATIENCE:
                raise
        else:
            answered = clock()
            before = observation.lines if observation else []
            lines, seen = news(workflow, seen, now())
            observation = Observation(workflow, dict(seen), before + lines)
            if ended(workflow):
                return observation
        spent = clock() - began
        if observation is not None:
            observation.timed_out = spent + interval > timeout
            if observation.timed_out or (hold is not None and (observation.lines or spent >= hold)):
                return observation
        sleep(interval)
