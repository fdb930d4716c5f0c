# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import gzip
import json

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _argo_status as status


def labels(steps) -> list[str]:
    return [step.label if step.attempt == 1 else f"{step.label} #{step.attempt}" for step in steps]


def test_steps_are_named_by_what_they_work_on(workflow) -> None:
    assert sorted(labels(status.Tree(workflow("succeeded")).steps())) == [
        "extract(liechtenstein-latest)", "extract(us)", "fetch(liechtenstein-latest)", "fetch(us)", "plan", "publish"
    ]  # fmt: skip


def test_attempts_count_from_one(workflow) -> None:
    found = labels(status.Tree(workflow("failed_after_retries")).steps())
    assert [label for label in found if label.startswith("fetch(us)")] == ["fetch(us)", "fetch(us) #2", "fetch(us) #3"]


def test_failures_name_the_last_attempt_only(workflow) -> None:
    failures = status.Tree(workflow("failed_after_retries")).failures()
    assert sorted((step.label, step.attempt, step.message) for step in failures) == [
        ("fetch(liechtenstein-latest)", 3, "main: Error (exit code 75)"),
        ("fetch(us)", 3, "main: Error (exit code 75)"),
    ]


def test_failures_without_retries(workflow) -> None:
    failures = status.Tree(workflow("failed")).failures()
    assert sorted(step.label for step in failures) == ["fetch(liechtenstein-latest)", "fetch(us)"]
    assert {step.attempt for step in failures} == {1}


@pytest.mark.parametrize("name", ["succeeded", "current", "running", "waiting"])
def test_no_failure_where_none_is(workflow, name: str) -> None:
    assert status.Tree(workflow(name)).failures() == []


def test_a_failure_that_was_made_good_is_none(workflow) -> None:
    mended = workflow("failed_after_retries")
    for node in mended["status"]["nodes"].values():
        if node["type"] != "Pod" or node["displayName"].endswith("(2)"):
            node["phase"] = "Succeeded"
    assert status.Tree(mended).failures() == []


def test_a_step_that_never_got_a_pod_is_a_failure(workflow) -> None:
    broken = workflow("current")
    broken["status"]["nodes"]["extra"] = {
        "id": "extra", "name": "toy.update.release", "displayName": "release", "type": "DAG", "phase": "Error",
        "message": "configmap cosmogony-settings not found",
    }  # fmt: skip
    (failure,) = status.Tree(broken).failures()
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
    assert status.outputs(workflow(name)) == expected


def test_outputs_of_a_single_step_are_found_at_its_node(workflow) -> None:
    single = workflow("current")
    single["status"].pop("outputs")
    name = single["metadata"]["name"]
    single["status"]["nodes"] = {
        name: {"id": name, "name": name, "outputs": {"parameters": [{"name": "releases", "value": "[]"}]}}
    }
    assert status.outputs(single) == {"releases": "[]"}


def test_compressed_nodes_are_read(workflow) -> None:
    packed = workflow("succeeded")
    nodes = packed["status"].pop("nodes")
    packed["status"]["compressedNodes"] = base64.b64encode(gzip.compress(json.dumps(nodes).encode())).decode()
    assert status.Tree(packed).steps() == status.Tree(workflow("succeeded")).steps()


def test_summary(workflow) -> None:
    told = status.summary(workflow("succeeded"))
    assert (told["phase"], told["template"], told["progress"], told["duration"]) == ("Succeeded", "toy", "6/6", 51)


def test_a_workflow_nobody_has_looked_at_is_pending() -> None:
    fresh = {"metadata": {"name": "new", "creationTimestamp": "2026-11-23T14:00:00Z"}, "spec": {}}
    assert status.phase(fresh) == "Pending"
    assert not status.ended(fresh)
    assert status.news(fresh, {}, "2026-11-23T14:00:01Z") == ([], {"": ""})


def test_waiting_names_the_lock_and_its_holder(workflow) -> None:
    waiting = workflow("waiting")
    reason = status.waiting_for(waiting)
    assert "waits for lock" in reason and "Mutex/toy" in reason and "held by chart-try/toy-" in reason
    lines, seen = status.news(waiting, {}, waiting["metadata"]["creationTimestamp"])
    assert lines == [f"[00:00] {waiting['metadata']['name']} {reason}"]
    assert status.news(waiting, seen, waiting["metadata"]["creationTimestamp"])[0] == []


def test_news_come_once(workflow) -> None:
    running = workflow("running")
    now = "2026-11-23T14:31:30Z"
    lines, seen = status.news(running, {}, now)
    assert any("plan succeeded in" in line for line in lines)
    assert any(line.endswith("extract(us) running") for line in lines)
    assert status.news(running, seen, now) == ([], seen)


def test_progress_is_news_with_the_time_of_the_look(workflow) -> None:
    running = workflow("running")
    created = running["metadata"]["creationTimestamp"]
    _, seen = status.news(running, {}, created)
    step = next(n for n in running["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Running")
    step["progress"] = "3/9"
    hour_later = f"{created[:11]}{int(created[11:13]) + 1:02d}{created[13:]}"
    (line,), _ = status.news(running, seen, hour_later)
    assert line.startswith("[1:00:00] extract(") and line.endswith(" running 3/9")


def test_ends_are_told_with_their_own_time(workflow) -> None:
    lines, _ = status.news(workflow("succeeded"), {}, "2027-01-01T00:00:00Z")
    assert lines[0] == "[00:05] plan succeeded in 5 s"
    times = [line.split()[0] for line in lines]
    assert times == sorted(times)


def test_message_of_a_pending_pod_is_told(workflow) -> None:
    running = workflow("running")
    step = next(n for n in running["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Running")
    step.update(phase="Pending", message="ImagePullBackOff: not found")
    lines, _ = status.news(running, {}, "2026-11-23T14:31:30Z")
    assert any(line.endswith("pending: ImagePullBackOff: not found") for line in lines)


def test_last_observation_says_what_is_at_work(workflow) -> None:
    told = status.last_observation(workflow("running"))
    assert told.startswith("phase Running, progress 3/5; at work: extract(")
    assert "waits for lock" in status.last_observation(workflow("waiting"))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (61, "01:01"), (3600, "1:00:00"), (-3, "00:00"), (None, "00:00")]
)
def test_elapsed(seconds, text: str) -> None:
    assert status.elapsed(seconds) == text
