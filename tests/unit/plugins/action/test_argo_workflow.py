# SPDX-License-Identifier: Apache-2.0
"""The loop around the module: what it asks for, and what people see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.action.argo_workflow import HOLD, ActionModule
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_follow import WAIT_TIMEOUT


class Task(SimpleNamespace):
    """Enough of a task."""


@pytest.fixture
def action(monkeypatch: pytest.MonkeyPatch):
    """Build an action plugin whose module answers from a list."""

    def build(args: dict[str, Any], answers: list[Any], *, check_mode: bool = False, no_log: bool = False):
        task = Task(args=args, check_mode=check_mode, no_log=no_log, async_val=0, delegate_to=None, diff=False)
        plugin = ActionModule.__new__(ActionModule)
        plugin._task = task
        plugin.asked = []
        plugin.said = []
        monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_args, **_kwargs: {})
        monkeypatch.setattr(ActionModule, "_display", SimpleNamespace(display=plugin.said.append), raising=False)

        def execute(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
            assert module_name == "cosmogony.stack.argo_workflow"
            plugin.asked.append(module_args)
            answer = answers.pop(0)
            return answer(module_args) if callable(answer) else answer

        plugin._execute_module = execute
        return plugin

    return build


SUBMITTED = {"changed": True, "workflow": {"name": "toy-1"}, "ended": False}


def test_lines_are_shown_as_they_come(action) -> None:
    plugin = action(
        {"template": "toy", "parallelism": 2},
        [
            SUBMITTED,
            {"ended": False, "lines": ["[00:01] plan running"], "seen": {"n": "Running"}},
            {
                "ended": True,
                "lines": ["[00:05] plan succeeded in 4 s"],
                "seen": {},
                "changed": True,
                "outputs": {"a": "b"},
            },
        ],
    )
    result = plugin.run(task_vars={})
    assert plugin.said == ["  toy-1 submitted", "  [00:01] plan running", "  [00:05] plan succeeded in 4 s"]
    submit, first, second = plugin.asked
    assert submit == {"template": "toy", "parallelism": 2, "wait": False}
    assert 0 < first.pop("wait_timeout") <= WAIT_TIMEOUT
    assert first == {"parallelism": 2, "name": "toy-1", "hold": HOLD, "seen": {}}
    assert second["seen"] == {"n": "Running"}
    assert result["lines"] == ["[00:01] plan running", "[00:05] plan succeeded in 4 s"]
    assert result["outputs"] == {"a": "b"} and "seen" not in result


@pytest.mark.parametrize(("args", "check_mode"), [({"wait": False}, False), ({"wait": "no"}, False), ({}, True)])
def test_one_call_when_there_is_nothing_to_follow(action, args: dict[str, Any], check_mode: bool) -> None:
    plugin = action({"template": "toy", **args}, [SUBMITTED], check_mode=check_mode)
    assert plugin.run(task_vars={}) == SUBMITTED
    assert plugin.asked == [{"template": "toy", **args}] and plugin.said == []


def test_a_refused_submission_ends_it(action) -> None:
    plugin = action({"template": "toy"}, [{"failed": True, "msg": "still running", "running": ["toy-0"]}])
    assert plugin.run(task_vars={})["running"] == ["toy-0"]


def test_a_running_one_is_followed_by_name(action) -> None:
    answers = [{"changed": False, "running": ["toy-0"]}, {"ended": True, "lines": []}]
    plugin = action({"template": "toy", "when_running": "follow"}, answers)
    assert plugin.run(task_vars={})["running"] == ["toy-0"]
    assert plugin.said == ["  toy-0 is running and is followed"]
    assert plugin.asked[1]["name"] == "toy-0" and "template" not in plugin.asked[1]


def test_the_limit_is_for_all_looks_together(action) -> None:
    def late(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["wait_timeout"] < 5 and asked["hold"] < 5
        message = f"Workflow toy-1 has not ended within {asked['wait_timeout']} seconds and continues"
        return {"failed": True, "last_observation": "phase Running", "lines": [], "msg": message}

    plugin = action({"name": "toy-1", "wait_timeout": 5}, [late])
    assert plugin.run(task_vars={})["msg"] == "Workflow toy-1 has not ended within 5 seconds and continues"


def test_nothing_is_shown_with_no_log(action) -> None:
    plugin = action({"name": "toy-1"}, [{"ended": True, "lines": ["secret"]}], no_log=True)
    plugin.run(task_vars={})
    assert plugin.said == []


def test_a_step_that_stands_still_is_named(action, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    created = (datetime.now(tz=UTC) - timedelta(minutes=7)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def quiet(asked: dict[str, Any]) -> dict[str, Any]:
        now[0] += HOLD
        workflow = {"name": "toy-1", "created": created}
        return {"ended": False, "lines": [], "at_work": {"n": "extract running 3/9"}, "workflow": workflow}

    answers = [quiet] * 6 + [{"ended": True, "lines": []}]
    plugin = action({"name": "toy-1", "no_progress_after": 60}, answers)
    result = plugin.run(task_vars={})
    assert [line.partition("] ")[2] for line in plugin.said] == ["extract running 3/9: no progress for 1 min"]
    assert plugin.said[0].startswith("  [07:0")
    assert result["lines"] == [plugin.said[0].strip()]
    assert "at_work" not in result
