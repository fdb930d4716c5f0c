# SPDX-License-Identifier: Apache-2.0
"""MinIO and PostgreSQL are killed at the worst moments."""

from __future__ import annotations

import os
import signal
import time

import pytest
from scenario.stack import AGAIN, LIECHTENSTEIN, Stack
from scenario.watch import Look
from waiting import wait_for

MEBIBYTE = 1024 * 1024


def test_store_is_killed_during_fetch(stack: Stack) -> None:
    """In the middle of an upload of several pieces."""
    with stack.trial("MinIO is killed during fetch", publishes=True) as trial:
        changed = stack.change(LIECHTENSTEIN, size=40 * MEBIBYTE)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=36 * MEBIBYTE)
        said = stack.update()
        wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        wait_for(stack.store.unfinished, "an upload of several pieces", limit=30)
        stack.store.kill()
        stack.downloads.all_right()
        said.succeeded()
        assert stack.store.sha256(f"osm/{LIECHTENSTEIN}") == stack.store.json(f"osm/{LIECHTENSTEIN}.json")["sha256"]
        assert stack.served(changed)
        attempts = len(stack.cluster.attempts(said.workflow, "fetch(batch 0)"))
        trial.saw(f"the upload continued after its return, {attempts} attempt(s), right checksum")


def test_store_is_killed_during_merge(stack: Stack) -> None:
    """While it answers a request of the step: it is frozen first, so that the request cannot end."""
    with stack.trial("MinIO is killed during merge", publishes=True) as trial:
        changed = stack.change(LIECHTENSTEIN)
        said = stack.update()
        workflow = said.workflow
        stack.cluster.step(workflow, "extract(batch 0)", lambda step: step.phase == "Succeeded")
        with stack.cluster.frozen(stack.store.pod, "minio") as pid:
            merge = stack.cluster.running(workflow, "merge")
            address = stack.cluster.pod_of(workflow, merge).status.pod_ip
            wait_for(lambda: address in stack.store.clients(pid), "a request of merge", limit=60)
            os.kill(pid, signal.SIGKILL)
        said.succeeded()
        assert stack.served(changed)
        trial.saw(f"merge continued after its return, {len(stack.cluster.attempts(workflow, 'merge'))} attempt(s)")


def test_database_is_away_during_load(stack: Stack) -> None:
    """Inside of the transaction of load. Page and cached tiles still work, the rest says when to come again."""
    with stack.trial("PostgreSQL is killed during load, and stays away", publishes=True) as trial:
        trial.allowed = _away
        changed = stack.change(LIECHTENSTEIN)
        with stack.database.held_load():
            said = stack.update()
            at = stack.database.load_is_held()
            stack.database.stop()
            down = wait_for(lambda: _down(trial.watch.looks), "the outage is seen", limit=60)
            back = stack.database.start()
        again = stack.all_right(limit=AGAIN - (time.monotonic() - back)) + time.monotonic() - back
        assert all(look.retry_after for look in down)
        said.succeeded()
        assert stack.served(changed)
        attempts = len(stack.cluster.attempts(said.workflow, "load"))
        trial.saw(
            f"held at {at}; page, cached tile 200, API, other tile 503 with Retry-After; "
            f"all right {again:.0f} s after its return; load attempt {attempts} went through"
        )


@pytest.mark.quick
def test_database_is_killed_during_publish(stack: Stack) -> None:
    """While publish waits for a long reader."""
    with stack.trial("PostgreSQL is killed during publish", publishes=True) as trial:
        trial.allowed = _away
        changed = stack.change(LIECHTENSTEIN)
        with stack.database.reader():
            said = stack.update()
            workflow = said.workflow
            publish = stack.cluster.running(workflow, "publish")
            wait_for(
                lambda: "waiting for a long reader" in stack.cluster.log_of(workflow, publish),
                "a waiting publish",
                limit=60,
            )
            assert stack.database.live() == trial.before
            stack.database.kill()
        stack.database.back()
        assert stack.database.live() in (trial.before, _release_of(stack, workflow))
        again = stack.all_right(limit=AGAIN)
        said.succeeded()
        assert stack.served(changed)
        attempts = len(stack.cluster.attempts(workflow, "publish"))
        trial.saw(f"all right {again:.0f} s after its return; publish attempt {attempts} went through")


def _release_of(stack: Stack, workflow: str) -> str:
    (merge,) = [n for n in stack.cluster.nodes(workflow) if n.get("displayName") == "merge" and n["type"] == "Retry"]
    return next(p["value"] for p in merge["outputs"]["parameters"] if p["name"] == "release")


def _away(look: Look) -> bool:
    """Without the database: page and cached tiles still work, the rest answers 503 and when to come again."""
    return (
        (look.page, look.cached_tile) == (200, 200) and {look.api, look.other_tile} <= {200, 503} and look.retry_after
    )


def _down(looks: list[Look]) -> list[Look]:
    """Looks at a site without its database, once there are some."""
    found = [look for look in looks if (look.api, look.other_tile) == (503, 503)]
    return found if len(found) > 3 else []
