# SPDX-License-Identifier: Apache-2.0
"""MinIO and PostgreSQL are killed at the worst moments."""

from __future__ import annotations

import os
import signal
import time

import pytest
from faultkit.bench import AGAIN, LIECHTENSTEIN, Bench
from faultkit.waiting import wait_for
from faultkit.watch import Look

MEBIBYTE = 1024 * 1024


def test_store_is_killed_during_fetch(bench: Bench) -> None:
    """In the middle of an upload of several pieces."""
    with bench.trial("MinIO is killed during fetch", publishes=True) as trial:
        changed = bench.change(LIECHTENSTEIN, size=40 * MEBIBYTE)
        bench.downloads.fault(LIECHTENSTEIN, "stall", after=36 * MEBIBYTE)
        said = bench.update()
        wait_for(lambda: bench.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        wait_for(bench.store.unfinished, "an upload of several pieces", limit=30)
        bench.store.kill()
        bench.downloads.all_right()
        said.succeeded()
        assert bench.store.sha256(f"osm/{LIECHTENSTEIN}") == bench.store.json(f"osm/{LIECHTENSTEIN}.json")["sha256"]
        assert bench.served(changed)
        attempts = len(bench.cluster.attempts(said.workflow, "fetch(0)"))
        trial.saw(f"the upload continued after its return, {attempts} attempt(s), right checksum")


def test_store_is_killed_during_merge(bench: Bench) -> None:
    """While it answers a request of the step: it is frozen first, so that the request cannot end."""
    with bench.trial("MinIO is killed during merge", publishes=True) as trial:
        changed = bench.change(LIECHTENSTEIN)
        said = bench.update()
        workflow = said.workflow
        bench.cluster.step(workflow, "extract(0)", lambda step: step.phase == "Succeeded")
        with bench.cluster.frozen(bench.store.pod, "minio") as pid:
            merge = bench.cluster.running(workflow, "merge")
            address = bench.cluster.pod_of(workflow, merge).status.pod_ip
            wait_for(lambda: address in bench.store.clients(pid), "a request of merge", limit=60)
            os.kill(pid, signal.SIGKILL)
        said.succeeded()
        assert bench.served(changed)
        trial.saw(f"merge continued after its return, {len(bench.cluster.attempts(workflow, 'merge'))} attempt(s)")


def test_database_is_away_during_load(bench: Bench) -> None:
    """Inside of the transaction of load. Page and cached tiles still work, the rest says when to come again."""
    with bench.trial("PostgreSQL is killed during load, and stays away", publishes=True) as trial:
        trial.allowed = _away
        changed = bench.change(LIECHTENSTEIN)
        with bench.database.held_load():
            said = bench.update()
            at = bench.database.load_is_held()
            bench.database.stop()
            down = wait_for(lambda: _down(trial.watch.looks), "the outage is seen", limit=60)
            back = bench.database.start()
        again = bench.all_right(limit=AGAIN - (time.monotonic() - back)) + time.monotonic() - back
        assert all(look.retry_after for look in down)
        said.succeeded()
        assert bench.served(changed)
        attempts = len(bench.cluster.attempts(said.workflow, "load"))
        trial.saw(
            f"held at {at}; page, cached tile 200, API, other tile 503 with Retry-After; "
            f"all right {again:.0f} s after its return; load attempt {attempts} went through"
        )


@pytest.mark.quick
def test_database_is_killed_during_publish(bench: Bench) -> None:
    """While publish waits for a long reader."""
    with bench.trial("PostgreSQL is killed during publish", publishes=True) as trial:
        trial.allowed = _away
        changed = bench.change(LIECHTENSTEIN)
        with bench.database.reader():
            said = bench.update()
            workflow = said.workflow
            publish = bench.cluster.running(workflow, "publish")
            wait_for(
                lambda: "waiting for a long reader" in bench.cluster.log_of(workflow, publish),
                "a waiting publish",
                limit=60,
            )
            assert bench.database.live() == trial.before
            bench.database.kill()
        bench.database.back()
        assert bench.database.live() in (trial.before, _release_of(bench, workflow))
        again = bench.all_right(limit=AGAIN)
        said.succeeded()
        assert bench.served(changed)
        attempts = len(bench.cluster.attempts(workflow, "publish"))
        trial.saw(f"all right {again:.0f} s after its return; publish attempt {attempts} went through")


def _release_of(bench: Bench, workflow: str) -> str:
    (merge,) = [n for n in bench.cluster.nodes(workflow) if n.get("displayName") == "merge" and n["type"] == "Retry"]
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
