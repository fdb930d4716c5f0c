# SPDX-License-Identifier: Apache-2.0
"""The action plugin around both modules: what it asks for, and what people see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.action.argo_workflow import LONGEST_LOOK, ActionModule


class Task(SimpleNamespace):
    """Enough of a task."""


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch):
    """Build an action plugin whose modules answer from a list."""

    def build(args: dict[str, Any], answers: list[Any], *, check_mode: bool = False, no_log: bool = False):
        task = Task(args=args, check_mode=check_mode, no_log=no_log, async_val=0, delegate_to=None, diff=False)
        plugin = ActionModule.__new__(ActionModule)
        plugin._task = task
        plugin.asked = []
        plugin.printed = []
        monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_args, **_kwargs: {})
        monkeypatch.setattr(ActionModule, "_display", SimpleNamespace(display=plugin.printed.append), raising=False)

        def execute(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
            plugin.asked.append((module_name.removeprefix("cosmogony.stack."), module_args))
            answer = answers.pop(0)
            return answer(module_args) if callable(answer) else answer

        plugin._execute_module = execute
        return plugin

    return build


SUBMITTED = {"changed": True, "workflow": {"name": "toy-1"}}


def observe(*, ended: bool, **more: Any) -> dict[str, Any]:
    return {"ended": ended, "lines": [], "seen": {}, "active": {}, "observation": "phase Running", **more}


def test_prints_lines_as_they_come(action) -> None:
    plugin = action(
        {"template": "toy", "parallelism": 2, "kubeconfig": "/k"},
        [
            SUBMITTED,
            observe(ended=False, lines=["[00:01] plan running"], seen={"n": "Running"}),
            observe(ended=True, lines=["[00:05] plan succeeded in 4 s"], outputs={"a": "b"}, workflow={"x": 1}),
        ],
    )
    result = plugin.run(task_vars={})
    assert plugin.printed == ["  toy-1 submitted", "  [00:01] plan running", "  [00:05] plan succeeded in 4 s"]
    submit, first, second = plugin.asked
    assert submit == ("argo_workflow", {"template": "toy", "parallelism": 2, "kubeconfig": "/k"})
    assert first == (
        "_argo_workflow_watch",
        {
            "kubeconfig": "/k", "name": "toy-1", "namespace": "cosmogony", "seen": {}, "seconds": LONGEST_LOOK,
            "poll_interval": 2, "log_lines": 20,
        },
    )  # fmt: skip
    assert second[1]["seen"] == {"n": "Running"}
    assert result == {"changed": True, "outputs": {"a": "b"}, "workflow": {"x": 1}}


@pytest.mark.parametrize(("result", "changed"), [("current", False), ("published", True)])
def test_result_decides_whether_something_changed(action, result: str, changed: bool) -> None:
    plugin = action({"name": "toy-1"}, [observe(ended=True, outputs={"result": result})])
    assert plugin.run(task_vars={})["changed"] is changed


@pytest.mark.parametrize(("args", "check_mode"), [({"wait": False}, False), ({"wait": "no"}, False), ({}, True)])
def test_calls_one_module_when_there_is_nothing_to_follow(action, args: dict[str, Any], check_mode: bool) -> None:
    plugin = action({"template": "toy", **args}, [SUBMITTED], check_mode=check_mode)
    assert plugin.run(task_vars={}) == SUBMITTED
    assert plugin.asked == [("argo_workflow", {"template": "toy", **args})] and plugin.printed == []


def test_refused_submission_ends_it(action) -> None:
    plugin = action({"template": "toy"}, [{"failed": True, "msg": "still running", "running": ["toy-0"]}])
    assert plugin.run(task_vars={})["running"] == ["toy-0"]


def test_follows_the_running_one(action) -> None:
    answers = [{"changed": False, "running": ["toy-0"], "workflow": {"name": "toy-0"}}, observe(ended=True)]
    plugin = action({"template": "toy", "when_running": "follow"}, answers)
    assert plugin.run(task_vars={})["running"] == ["toy-0"]
    assert plugin.printed == ["  toy-0 is running and is followed"]
    assert plugin.asked[1][1]["name"] == "toy-0"


def test_failure_of_the_workflow_is_returned(action) -> None:
    nodes = [{"step": "x", "log": ["first line", "last line"]}, {"step": "y", "log": []}]
    failure = observe(ended=True, failed=True, msg="Workflow toy-1 failed: x", failed_nodes=nodes)
    plugin = action({"name": "toy-1"}, [failure])
    result = plugin.run(task_vars={})
    assert (result["failed"], result["msg"], result["failed_nodes"]) == (True, "Workflow toy-1 failed: x", nodes)
    assert plugin.printed == ["  x: first line", "  x: last line", "  y: its pod is gone, and its log with it"]


def test_api_that_stays_away_fails_the_task(action) -> None:
    result = action({"name": "toy-1"}, [{"failed": True, "msg": "the API does not answer"}]).run(task_vars={})
    assert (result["failed"], result["msg"]) == (True, "the API does not answer")


def test_limit_is_for_all_looks_together(action, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def take_three_seconds(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["seconds"] <= 5
        now[0] += 3
        return observe(ended=False, observation="phase Running, progress 3/5")

    result = action({"name": "toy-1", "wait_timeout": 5}, [take_three_seconds] * 3).run(task_vars={})
    assert result["failed"]
    assert result["last_observation"] == "phase Running, progress 3/5"
    assert result["msg"] == (
        "Workflow toy-1 has not ended within 5 seconds and continues (phase Running, progress 3/5);"
        " follow it again with name: toy-1"
    )


def test_prints_nothing_with_no_log(action) -> None:
    plugin = action({"name": "toy-1"}, [observe(ended=True, lines=["secret"])], no_log=True)
    plugin.run(task_vars={})
    assert plugin.printed == []


def test_reports_a_step_that_does_not_change(action, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    created = (datetime.now(tz=UTC) - timedelta(minutes=7)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def stand_still(_asked: dict[str, Any]) -> dict[str, Any]:
        now[0] += LONGEST_LOOK
        workflow = {"name": "toy-1", "created": created}
        return observe(ended=False, active={"n": "extract running 3/9"}, workflow=workflow)

    answers = [stand_still] * 6 + [observe(ended=True)]
    plugin = action({"name": "toy-1", "no_progress_after": 60}, answers)
    plugin.run(task_vars={})
    assert [line.partition("] ")[2] for line in plugin.printed] == ["extract running 3/9: no progress for 1 min"]
    assert plugin.printed[0].startswith("  [07:0")
