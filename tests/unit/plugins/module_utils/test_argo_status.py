# SPDX-License-Identifier: Apache-2.0
"""Steps, failures, outputs and changes of Workflow objects."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _argo_status as status


def labels(steps) -> list[str]:
    return [step.label if step.attempt == 1 else f"{step.label} #{step.attempt}" for step in steps]


def test_labels_of_steps_in_a_loop_name_the_batch(workflow) -> None:
    assert sorted(labels(status.NodeTree(workflow("succeeded")).list_steps())) == [
        "extract(batch 0)", "extract(batch 1)", "fetch(batch 0)", "fetch(batch 1)", "plan", "publish"
    ]  # fmt: skip


def test_attempts_count_from_one(workflow) -> None:
    found = labels(status.NodeTree(workflow("failed_after_retries")).list_steps())
    assert [label for label in found if label.startswith("fetch(batch 1)")] == [
        "fetch(batch 1)",
        "fetch(batch 1) #2",
        "fetch(batch 1) #3",
    ]


def test_failures_have_the_last_attempt_only(workflow) -> None:
    failures = status.NodeTree(workflow("failed_after_retries")).list_failures()
    assert sorted((step.label, step.attempt, step.message) for step in failures) == [
        ("fetch(batch 0)", 3, "main: Error (exit code 75)"),
        ("fetch(batch 1)", 3, "main: Error (exit code 75)"),
    ]


def test_failures_without_retries(workflow) -> None:
    failures = status.NodeTree(workflow("failed")).list_failures()
    assert sorted(step.label for step in failures) == ["fetch(batch 0)", "fetch(batch 1)"]
    assert {step.attempt for step in failures} == {1}


@pytest.mark.parametrize("name", ["succeeded", "current", "running", "waiting"])
def test_workflow_that_has_not_failed_has_no_failures(workflow, name: str) -> None:
    assert status.NodeTree(workflow(name)).list_failures() == []


def test_successful_retry_is_no_failure(workflow) -> None:
    mended = workflow("failed_after_retries")
    for node in mended["status"]["nodes"].values():
        if node["type"] != "Pod" or node["displayName"].endswith("(2)"):
            node["phase"] = "Succeeded"
    assert status.NodeTree(mended).list_failures() == []


def test_step_without_a_pod_can_be_the_failure(workflow) -> None:
    broken = workflow("current")
    broken["status"]["nodes"]["extra"] = {
        "id": "extra", "name": "toy.update.release", "displayName": "release", "type": "DAG", "phase": "Error",
        "message": "configmap cosmogony-settings not found",
    }  # fmt: skip
    (failure,) = status.NodeTree(broken).list_failures()
    assert (failure.label, failure.message) == ("release", "configmap cosmogony-settings not found")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("succeeded", {"result": "published", "release": "r2", "message": "release X is current"}),
        ("current", {"result": "current", "release": "r1", "message": "release X is current"}),
        ("running", {}),
        ("waiting", {}),
    ],
)
def test_outputs(workflow, name: str, expected: dict[str, str]) -> None:
    assert status.get_outputs(workflow(name)) == expected


def test_finds_outputs_of_a_workflow_of_one_step(workflow) -> None:
    single = workflow("current")
    single["status"].pop("outputs")
    name = single["metadata"]["name"]
    single["status"]["nodes"] = {
        name: {"id": name, "name": name, "outputs": {"parameters": [{"name": "releases", "value": "[]"}]}}
    }
    assert status.get_outputs(single) == {"releases": "[]"}


def test_reads_compressed_nodes(workflow) -> None:
    packed = workflow("succeeded")
    nodes = packed["status"].pop("nodes")
    packed["status"]["compressedNodes"] = base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()
    assert status.NodeTree(packed).list_steps() == status.NodeTree(workflow("succeeded")).list_steps()


def test_summary(workflow) -> None:
    summary = status.summarize_workflow(workflow("succeeded"))
    assert (summary["phase"], summary["template"], summary["progress"], summary["duration"]) == (
        "Succeeded",
        "toy",
        "6/6",
        51,
    )


def test_new_workflow_is_pending() -> None:
    fresh = {"metadata": {"name": "new", "creationTimestamp": "2026-11-23T14:00:00Z"}, "spec": {}}
    assert status.get_phase(fresh) == "Pending"
    assert not status.has_ended(fresh)
    assert status.list_changes(fresh, {}, "2026-11-23T14:00:01Z") == ([], {"": ""})


@pytest.mark.parametrize(
    ("labels", "said"), [({}, "no instance id"), ({status.INSTANCE_ID: "blue"}, "the instance id blue")]
)
def test_workflow_that_no_controller_takes_is_reported_once(labels: dict[str, str], said: str) -> None:
    meta = {"name": "new", "namespace": "geo", "creationTimestamp": "2026-11-23T14:00:00Z", "labels": labels}
    lines, seen = status.list_changes({"metadata": meta, "spec": {}}, {"": ""}, "2026-11-23T14:01:00Z")
    assert lines == [
        "[01:00] new has not been seen by a workflow controller for 60 s: check that one is ready, runs the workflows"
        f" of namespace geo, and has {said}"
    ]
    assert status.list_changes({"metadata": meta, "spec": {}}, seen, "2026-11-23T14:05:00Z")[0] == []


def test_waiting_workflow_names_the_lock_and_its_holder(workflow) -> None:
    waiting = workflow("waiting")
    reason = status.describe_wait_reason(waiting)
    assert "waits for lock" in reason and "Mutex/toy" in reason and "held by chart-try/toy-" in reason
    lines, seen = status.list_changes(waiting, {}, waiting["metadata"]["creationTimestamp"])
    assert lines == [f"[00:00] {waiting['metadata']['name']} {reason}"]
    assert status.list_changes(waiting, seen, waiting["metadata"]["creationTimestamp"])[0] == []


def test_each_change_is_reported_once(workflow) -> None:
    running = workflow("running")
    now = "2026-11-23T14:31:30Z"
    lines, seen = status.list_changes(running, {}, now)
    assert any("plan succeeded in" in line for line in lines)
    assert any(line.endswith("extract(batch 1) running") for line in lines)
    assert status.list_changes(running, seen, now) == ([], seen)


def test_progress_is_reported_with_the_time_of_the_look(workflow) -> None:
    running = workflow("running")
    created = running["metadata"]["creationTimestamp"]
    _, seen = status.list_changes(running, {}, created)
    step = next(n for n in running["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Running")
    step["progress"] = "3/9"
    hour_later = f"{created[:11]}{int(created[11:13]) + 1:02d}{created[13:]}"
    (line,), _ = status.list_changes(running, seen, hour_later)
    assert line.startswith("[1:00:00] extract(") and line.endswith(" running 3/9")


def test_end_of_a_step_is_reported_with_its_own_time(workflow) -> None:
    lines, _ = status.list_changes(workflow("succeeded"), {}, "2027-01-01T00:00:00Z")
    assert lines[0] == "[00:05] plan succeeded in 5 s"
    times = [line.split()[0] for line in lines]
    assert times == sorted(times)


def test_message_of_a_pending_pod_is_reported(workflow) -> None:
    running = workflow("running")
    step = next(n for n in running["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Running")
    step.update(phase="Pending", message="ImagePullBackOff: not found")
    lines, _ = status.list_changes(running, {}, "2026-11-23T14:31:30Z")
    assert any(line.endswith("pending: ImagePullBackOff: not found") for line in lines)


def test_progress_names_running_steps(workflow) -> None:
    summary = status.describe_progress(workflow("running"))
    assert summary.startswith("phase Running, progress 3/5; running: extract(")
    assert "waits for lock" in status.describe_progress(workflow("waiting"))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (61, "01:01"), (3600, "1:00:00"), (-3, "00:00"), (None, "00:00")]
)
def test_formats_elapsed_time(seconds, text: str) -> None:
    assert status.format_elapsed(seconds) == text


def test_item_without_a_parameter_stands_alone(workflow) -> None:
    loop = workflow("running")
    for node in loop["status"]["nodes"].values():
        node.pop("inputs", None)
    assert "extract(1)" in labels(status.NodeTree(loop).list_steps())
