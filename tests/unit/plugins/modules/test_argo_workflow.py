# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import ArgoError
from ansible_collections.cosmogony.stack.plugins.modules import argo_workflow as module


def call(client, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    defaults = {name: spec.get("default") for name, spec in module.argument_spec().items()}
    return module.WorkflowRun({**defaults, "poll_interval": 0, **options}, client, check_mode=check_mode).run()


def test_documentation_is_that_of_the_arguments() -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    spec = module.argument_spec()
    own = {name for name in spec if name not in module.AUTH_ARG_SPEC}
    assert set(documented) == own
    for name in own:
        for key in ("type", "default", "choices", "elements"):
            assert documented[name].get(key) == spec[name].get(key), f"{name}.{key}"


def test_submits_and_follows(client, api, workflow) -> None:
    api.looks = [workflow("waiting"), workflow("running"), workflow("succeeded")]
    result = call(client, template="toy", parameters={"fail": "", "changed": True}, parallelism=2)
    (body,) = api.created
    assert body["spec"]["arguments"]["parameters"] == [{"name": "changed", "value": "true"}]
    assert body["spec"]["parallelism"] == 2
    assert result["changed"] is True and result["ended"] is True and "failed" not in result
    assert result["outputs"]["result"] == "published"
    assert result["workflow"]["phase"] == "Succeeded"


def test_a_current_release_is_no_change(client, api, workflow) -> None:
    api.looks = [workflow("current")]
    assert call(client, template="toy")["changed"] is False
    assert call(client, template="toy", unchanged_results=[])["changed"] is True


def test_without_waiting(client, api) -> None:
    result = call(client, template="toy", wait=False)
    assert result["changed"] is True and result["ended"] is False
    assert result["workflow"]["name"] == "toy-x7k2q"


def test_check_mode_submits_nothing(client, api) -> None:
    result = call(client, template="toy", check_mode=True)
    assert (result["changed"], result["msg"]) == (True, "WorkflowTemplate toy would be run")
    missing = call(client, template="nowhere", check_mode=True)
    assert missing["msg"] == "WorkflowTemplate nowhere is not there yet; it would be run once it is"
    with pytest.raises(ArgoError, match="unknown parameter typo"):
        call(client, template="toy", parameters={"typo": 1}, check_mode=True)
    assert api.created == []


def test_failure_tells_where_why_and_the_last_words(client, api, workflow) -> None:
    failed = workflow("failed")
    api.looks = [failed]
    nodes = {n["id"]: n for n in failed["status"]["nodes"].values() if n["type"] == "Pod" and n["phase"] == "Failed"}
    api.logs = dict.fromkeys(nodes, "step 2\nerror: HTTP 404 Not Found\nError: exit status 1")
    result = call(client, template="toy", log_lines=1)
    assert result["failed"] is True
    assert sorted(node["step"] for node in result["failed_nodes"]) == ["fetch(liechtenstein-latest)", "fetch(us)"]
    assert all(node["log"] == ["error: HTTP 404 Not Found"] for node in result["failed_nodes"])
    assert "fetch(us): Error (exit code 1): error: HTTP 404 Not Found" in result["msg"]
    assert result["msg"].startswith(f"Workflow {failed['metadata']['name']} failed: ")


def test_a_cause_that_is_in_the_message_is_told_once(client, api, workflow) -> None:
    failed = workflow("failed")
    for node in failed["status"]["nodes"].values():
        if node["type"] == "Pod" and node["phase"] == "Failed":
            node["message"] = "main: Error (exit code 1): plan: HTTP 404"
            api.logs[node["id"]] = "2026-11-24T10:38:32Z ERROR plan: HTTP 404"
    api.looks = [failed]
    result = call(client, template="toy")
    assert result["msg"].count("HTTP 404") == len(result["failed_nodes"])
    assert "fetch(us): Error (exit code 1): plan: HTTP 404" in result["msg"]


def test_a_failure_whose_pods_are_gone(client, api, workflow) -> None:
    api.looks = [workflow("failed")]
    result = call(client, template="toy")
    assert all(node["log"] == [] for node in result["failed_nodes"])
    assert "fetch(us): Error (exit code 1)" in result["msg"]


def test_a_workflow_that_could_not_begin(client, api, workflow) -> None:
    broken = workflow("waiting")
    broken["status"] = {"phase": "Error", "message": "invalid spec: templates.main not found"}
    api.looks = [broken]
    result = call(client, template="toy")
    assert result["msg"].endswith("error: invalid spec: templates.main not found")
    assert result["failed_nodes"] == []


def test_time_over_reports_the_last_observation(client, api, workflow) -> None:
    running = workflow("running")
    api.looks = [running]
    result = call(client, template="toy", wait_timeout=0)
    name = running["metadata"]["name"]
    assert result["failed"] is True
    assert result["last_observation"].startswith("phase Running, progress 3/5; at work: extract(")
    assert f"Workflow {name} has not ended within 0 seconds and continues" in result["msg"]
    assert result["msg"].endswith(f"follow it again with name: {name}")


def test_a_running_one_is_named(client, api, workflow) -> None:
    running = workflow("running")
    api.listed = [running]
    with pytest.raises(ArgoError) as refused:
        call(client, template="toy")
    assert f"Workflow {running['metadata']['name']} of template toy is still running" in str(refused.value)
    assert "argo stop --namespace geo" in str(refused.value)
    assert api.created == []


def test_a_running_one_is_followed(client, api, workflow) -> None:
    api.listed, api.looks = [workflow("running")], [workflow("succeeded")]
    result = call(client, template="toy", when_running="follow")
    assert api.created == [] and result["outputs"]["release"] == "r2"


def test_one_more_is_submitted(client, api, workflow) -> None:
    api.listed, api.looks = [workflow("running")], [workflow("succeeded")]
    result = call(client, template="toy", when_running="submit")
    assert len(api.created) == 1 and result["running"] == [workflow("running")["metadata"]["name"]]


def test_a_workflow_that_vanishes_while_it_is_followed(client, api, workflow, refusal) -> None:
    api.looks = [workflow("running"), refusal(404, 'workflows.argoproj.io "toy-1" not found')]
    with pytest.raises(ArgoError, match="Workflow geo/toy-1: HTTP 404"):
        call(client, name="toy-1")


def test_a_look_of_the_action_plugin(client, api, workflow) -> None:
    api.looks = [workflow("running")]
    first = call(client, name="toy-1", hold=0)
    assert first["ended"] is False and first["lines"] and "failed" not in first
    again = call(client, name="toy-1", hold=0, seen=first["seen"])
    assert again["lines"] == []


@pytest.mark.parametrize(
    ("message", "log", "told"),
    [
        ("main: Error (exit code 1)", ["x", "error: HTTP 404"], "fetch: Error (exit code 1): error: HTTP 404"),
        ("main: Error (exit code 1): HTTP 404", ["x", "error: HTTP 404"], "fetch: Error (exit code 1): HTTP 404"),
        ("", [], "fetch: Failed"),
    ],
)
def test_a_cause_is_told_once(message: str, log: list[str], told: str) -> None:
    assert module._told({"step": "fetch", "phase": "Failed", "message": message, "log": log}) == told
