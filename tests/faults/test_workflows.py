# SPDX-License-Identifier: Apache-2.0
"""Pods and workflows that end before their time, two at the same time, too little time and disk."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from scenario.stack import LIECHTENSTEIN, Stack
from waiting import wait_for

MEBIBYTE = 1024 * 1024
DISK = "{{inputs.parameters.disk}}"  # what step plan computes


def test_pod_of_a_step_is_deleted(stack: Stack) -> None:
    with stack.trial("the pod of fetch is deleted", publishes=True) as trial:
        changed = stack.change(LIECHTENSTEIN, size=20 * MEBIBYTE)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=18 * MEBIBYTE)
        said = stack.update()
        wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        step = stack.cluster.running(said.workflow, "fetch(batch 0)")
        stack.cluster.kill_pod(stack.cluster.pod_of(said.workflow, step).metadata.name)
        stack.downloads.all_right()
        said.succeeded()
        # Argo makes the pod again, as the same attempt or, when it notices later, as the next one.
        assert stack.cluster.attempts(said.workflow, "fetch(batch 0)")[-1].phase == "Succeeded"
        seen = stack.downloads.seen(LIECHTENSTEIN)
        assert (seen["get"], seen["ranges"]) == (2, []), "another pod fetched it from the start"
        assert stack.served(changed)
        trial.saw("a new pod fetched it from the start; no unfinished upload stayed")


def test_workflow_is_terminated_during_load(stack: Stack) -> None:
    with stack.trial("the workflow is terminated during load") as trial:
        changed = stack.change(LIECHTENSTEIN)
        with stack.database.held_load():
            said = stack.update()
            stack.database.load_is_held()
            stack.cluster.terminate(said.workflow)
            said.failed()
        assert "load" in said.text
        assert "playbooks/update.yml -i" in said.text
        trial.saw("load stops; the command that continues is shown")
    assert stack.served(changed), "the next run finished it"
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == len(changed.content), "without a new download"


@pytest.mark.quick
def test_update_is_stopped(stack: Stack) -> None:
    """The playbook ends the run that a lost job left behind; its summary is kept, the next run continues."""
    with stack.trial("the update is stopped during fetch") as trial:
        changed = stack.change(LIECHTENSTEIN)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=1000)
        said = stack.update()
        wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        checked = stack.playbook("playbooks/stop_update.yml", "--check").succeeded()
        assert f"Would stop {said.workflow}" in checked.text
        other = stack.playbook("playbooks/stop_update.yml", stop_update_workflow="cosmogony-update-none").failed()
        assert "has no unfinished workflow cosmogony-update-none" in other.text
        assert said.workflow in other.text, "it names the one that runs"
        stopped = stack.playbook("playbooks/stop_update.yml").succeeded()
        assert f"Stopped {said.workflow}" in stopped.text
        said.failed()
        assert stack.cluster.attempts(said.workflow, "report"), "its summary is stored"
        again = stack.playbook("playbooks/stop_update.yml").succeeded()
        assert "No update is running" in again.text
        trial.saw("the step ends, the summary is stored; the second call changes nothing")
    assert stack.served(changed), "the next run finished it"


@pytest.mark.quick
def test_two_updates_at_once(stack: Stack) -> None:
    """A second one is refused and names the first; one that was submitted anyway waits for its turn."""
    with stack.trial("two updates are started together", publishes=True) as trial:
        changed = stack.change(LIECHTENSTEIN)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=1000)
        first = stack.update()
        wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        waiting = stack.cluster.submit("cosmogony-update")
        second = stack.update().failed()
        assert f"Workflow {first.workflow}" in second.text
        assert "is still running" in second.text
        assert "-e update_when_running=follow" in second.text
        assert "continues where it stopped" not in second.text, "nothing stopped"
        lock = wait_for(lambda: stack.cluster.waits_for(waiting), "the second waits for its turn", limit=30)
        assert "cosmogony-update" in lock
        assert stack.cluster.steps(waiting) == []
        follower = stack.update(when_running="follow")
        wait_for(lambda: f"{first.workflow} is running and is followed" in follower.text, "a follower", limit=60)
        stack.downloads.all_right()
        first.succeeded()
        follower.succeeded()
        outputs = stack.cluster.outputs(stack.cluster.ended(waiting))
        assert outputs["result"] == "current"
        assert stack.served(changed)
        trial.saw("the second is refused by name, or follows; one submitted anyway waits, then finds nothing new")


def test_step_takes_too_long(stack: Stack) -> None:
    """Its time limit is a setting; it is not tried again, for it would take as long."""
    with stack.trial("load takes longer than it may") as trial:
        changed = stack.change(LIECHTENSTEIN)

        def limit(load: dict[str, Any]) -> None:
            load["activeDeadlineSeconds"] = 15

        with stack.database.held_load(), stack.cluster.step_changed("load", limit):
            said = stack.update().failed()
        (load,) = stack.cluster.attempts(said.workflow, "load")
        assert load.phase == "Failed"
        assert "longer than the specified deadline" in said.text
        trial.saw("the step ends at its limit, the message says so; no second attempt")
    assert stack.served(changed)
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == len(changed.content), "without a new download"


def test_too_little_disk(stack: Stack) -> None:
    """The step knows its limit and says what it needs, before it reads anything."""
    with stack.trial("the disk of extract is too small") as trial:
        changed = stack.change(LIECHTENSTEIN, size=20 * MEBIBYTE)

        def limit(extract: dict[str, Any]) -> None:
            extract |= json.loads(json.dumps(extract).replace(DISK, "10Mi"))

        with stack.cluster.step_changed("extract", limit):
            said = stack.update().failed()
        (extract,) = stack.cluster.attempts(said.workflow, "extract(batch 0)")
        assert extract.phase == "Failed"
        assert "of scratch space are too little for a file of" in said.text
        assert not stack.cluster.attempts(said.workflow, "merge")
        trial.saw("extract says immediately how much it needs")
    assert stack.served(changed)
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == len(changed.content), "without a new download"


def test_pod_that_takes_more_disk_than_it_has(stack: Stack) -> None:
    """The node ends a pod that fills its emptyDir; the step is not tried again, the next run has room."""
    with stack.trial("extract fills its emptyDir") as trial:
        changed = stack.change(LIECHTENSTEIN, size=40 * MEBIBYTE)

        def limit(extract: dict[str, Any]) -> None:
            extract |= json.loads(json.dumps(extract).replace(DISK, "1Gi"))
            volumes = [{"name": "tmp", "emptyDir": {"sizeLimit": "10Mi"}}]
            extract["podSpecPatch"] = json.dumps({**json.loads(extract["podSpecPatch"]), "volumes": volumes})

        with stack.cluster.step_changed("extract", limit):
            said = stack.update()
            stack.cluster.step(said.workflow, "fetch(batch 0)", lambda step: step.phase == "Succeeded")
            # It waits for the store until it is watched: its file does not lie there for long.
            with stack.cluster.frozen(stack.store.pod, "minio"):
                step = stack.cluster.running(said.workflow, "extract(batch 0)")
                pod = stack.cluster.pod_of(said.workflow, step)
                pids = wait_for(lambda: stack.cluster.processes(pod, "cosmogony"), "its process", limit=60)
            wait_for(lambda: _filled(pids), "an extract that has filled its disk", limit=60, interval=0.002)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            said.failed()
        (extract,) = stack.cluster.attempts(said.workflow, "extract(batch 0)")
        assert extract.phase == "Failed"
        assert "exceeds the limit" in said.text
        assert not stack.cluster.attempts(said.workflow, "merge")
        trial.saw("the node ends the pod; the message names volume and limit; no second attempt")
    assert stack.served(changed)


def _filled(pids: list[int]) -> bool:
    """Whether the file that one of them extracts is bigger than its disk may be."""
    files = (file for pid in pids for file in Path(f"/proc/{pid}/root/tmp").glob("extract-*/*.osm.pbf"))
    return any(file.stat().st_size > 10 * MEBIBYTE for file in files)
