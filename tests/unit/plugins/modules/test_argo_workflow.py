# SPDX-License-Identifier: Apache-2.0
"""Modules argo_workflow (submitting) and _argo_workflow_watch (one look, and what it says about a failure)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import SubmitError
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import ApiError
from ansible_collections.cosmogony.stack.plugins.modules import _argo_workflow_watch, argo_workflow


def submit(client, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    defaults = {name: spec.get("default") for name, spec in argo_workflow.OPTIONS.items()}
    return argo_workflow.WorkflowSubmission({**defaults, **options}, client).run(check_mode=check_mode)


def look(client, *, seen: dict[str, str] | None = None, log_lines: int = 20) -> dict[str, Any]:
    options = {"name": "toy-1", "seen": seen or {}, "seconds": 0.0, "poll_interval": 0, "log_lines": log_lines}
    return _argo_workflow_watch.wait_for_observation(options, client)


@pytest.mark.parametrize("module", [argo_workflow, _argo_workflow_watch])
def test_documentation_has_the_options_of_the_specification(module) -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert set(documented) == set(module.OPTIONS)
    for name, spec in module.OPTIONS.items():
        for key in ("type", "default", "choices", "elements", "required"):
            assert documented[name].get(key) == spec.get(key), f"{name}.{key}"


def test_submits(client, api) -> None:
    result = submit(client, template="toy", parameters={"fail": "", "changed": True}, parallelism=2)
    (body,) = api.created
    assert body["spec"]["arguments"]["parameters"] == [{"name": "changed", "value": "true"}]
    assert body["spec"]["parallelism"] == 2
    assert result["changed"] is True
    assert (result["workflow"]["name"], result["workflow"]["phase"]) == ("toy-x7k2q", "Pending")


def test_workflow_has_the_instance_id_of_its_template(client, api) -> None:
    label = "workflows.argoproj.io/controller-instanceid"
    api.templates["blue"] = {"metadata": {"name": "blue", "labels": {label: "blue", "other": "x"}}, "spec": {}}
    submit(client, template="blue", labels={"mine": "1"})
    submit(client, template="toy")
    blue, toy = (body["metadata"]["labels"] for body in api.created)
    assert (blue[label], blue["mine"], "other" in blue, label in toy) == ("blue", "1", False, False)


def test_check_mode_submits_nothing(client, api) -> None:
    result = submit(client, template="toy", check_mode=True)
    assert (result["changed"], result["msg"]) == (True, "WorkflowTemplate toy would be run")
    missing = submit(client, template="nowhere", check_mode=True)
    assert missing["msg"] == "WorkflowTemplate nowhere does not exist yet; it would be run once it does"
    with pytest.raises(SubmitError, match="unknown parameter typo"):
        submit(client, template="toy", parameters={"typo": 1}, check_mode=True)
    assert api.created == []


def test_refuses_while_another_one_is_running(client, api, workflow) -> None:
    running = workflow("running")
    api.listed = [running]
    with pytest.raises(SubmitError) as refused:
        submit(client, template="toy")
    assert f"Workflow {running['metadata']['name']} of template toy is still running" in str(refused.value)
    assert "argo stop --namespace geo" in str(refused.value)
    assert api.created == []


def test_returns_the_running_one_to_follow(client, api, workflow) -> None:
    api.listed = [workflow("running")]
    result = submit(client, template="toy", when_running="follow")
    assert api.created == []
    assert (result["changed"], result["workflow"]["name"]) == (False, workflow("running")["metadata"]["name"])


def test_submits_another_one_while_one_is_running(client, api, workflow) -> None:
    api.listed = [workflow("running")]
    result = submit(client, template="toy", when_running="submit")
    assert len(api.created) == 1 and result["running"] == [workflow("running")["metadata"]["name"]]


def test_describes_a_workflow_by_its_name(client, api, workflow) -> None:
    api.looks = [workflow("succeeded")]
    result = submit(client, name="toy-1")
    assert (result["changed"], result["outputs"]["result"]) == (False, "published")


def test_look_reports_changes_once(client, api, workflow) -> None:
    api.looks = [workflow("running")]
    first = look(client)
    assert first["ended"] is False and first["lines"] and "failed" not in first
    assert first["observation"].startswith("phase Running, progress 3/5; running: extract(")
    assert look(client, seen=first["seen"])["lines"] == []


def test_failure_has_step_message_and_last_lines(client, api, workflow) -> None:
    failed = workflow("failed")
    api.looks = [failed]
    nodes = {n["id"]: n for n in failed["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Failed"}
    api.logs = dict.fromkeys(nodes, "step 2\nerror: HTTP 404 Not Found\nError: exit status 1")
    result = look(client, log_lines=1)
    assert result["failed"] is True
    assert sorted(node["step"] for node in result["failed_nodes"]) == ["fetch(batch 0)", "fetch(batch 1)"]
    assert all(node["log"] == ["error: HTTP 404 Not Found"] for node in result["failed_nodes"])
    assert "fetch(batch 1): Error (exit code 1): error: HTTP 404 Not Found" in result["msg"]
    assert result["msg"].startswith(f"Workflow {failed['metadata']['name']} failed: ")


def test_cause_in_the_message_is_not_repeated(client, api, workflow) -> None:
    failed = workflow("failed")
    for node in failed["status"]["nodes"].values():
        if node["type"] == "Pod" and node["phase"] == "Failed":
            node["message"] = "main: Error (exit code 1): plan: HTTP 404"
            api.logs[node["id"]] = "2026-11-24T10:38:32Z ERROR plan: HTTP 404"
    api.looks = [failed]
    result = look(client)
    assert result["msg"].count("HTTP 404") == len(result["failed_nodes"])
    assert "fetch(batch 1): Error (exit code 1): plan: HTTP 404" in result["msg"]


def test_failure_without_pods_has_no_log(client, api, workflow) -> None:
    api.looks = [workflow("failed")]
    result = look(client)
    assert all(node["log"] == [] for node in result["failed_nodes"])
    assert "fetch(batch 1): Error (exit code 1)" in result["msg"]


def test_failure_before_the_first_step_has_the_message_of_argo(client, api, workflow) -> None:
    broken = workflow("waiting")
    broken["status"] = {"phase": "Error", "message": "invalid spec: templates.main not found"}
    api.looks = [broken]
    result = look(client)
    assert result["msg"].endswith("error: invalid spec: templates.main not found")
    assert result["failed_nodes"] == []


def test_workflow_that_vanishes_is_an_error(client, api, workflow, refusal) -> None:
    api.looks = [refusal(404, 'workflows.argoproj.io "toy-1" not found')]
    with pytest.raises(ApiError, match="Workflow geo/toy-1: HTTP 404"):
        look(client)


@pytest.mark.parametrize(
    ("message", "log", "text"),
    [
        ("main: Error (exit code 1)", ["x", "error: HTTP 404"], "fetch: Error (exit code 1): error: HTTP 404"),
        ("main: Error (exit code 1): HTTP 404", ["x", "error: HTTP 404"], "fetch: Error (exit code 1): HTTP 404"),
        ("", [], "fetch: Failed"),
    ],
)
def test_describes_a_failed_node(message: str, log: list[str], text: str) -> None:
    node = {"step": "fetch", "phase": "Failed", "message": message, "log": log}
    assert _argo_workflow_watch.describe_failed_step(node) == text
