# SPDX-License-Identifier: Apache-2.0
"""Calls to the Kubernetes API, and the checks before a workflow is submitted."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import (
    SubmitError,
    format_parameters,
    make_manifest,
    refuse_wrong_parameters,
)
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import ApiError
from urllib3.exceptions import MaxRetryError


def test_leaves_blank_parameters_out() -> None:
    given = {"a": True, "b": False, "c": 3, "d": [{"url": "é"}], "e": "", "f": None, "g": "x", "h": 0}
    assert format_parameters(given) == {"a": "true", "b": "false", "c": "3", "d": '[{"url":"é"}]', "g": "x", "h": "0"}


def test_workflow_has_template_parameters_and_parallelism() -> None:
    body = make_manifest("toy", "geo", {"b": "2", "a": "1"}, parallelism=2, labels={"team": "maps"})
    assert body["spec"] == {
        "workflowTemplateRef": {"name": "toy"},
        "arguments": {"parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]},
        "parallelism": 2,
    }
    assert body["metadata"]["labels"] == {"workflows.argoproj.io/workflow-template": "toy", "team": "maps"}
    bare = make_manifest("toy", "geo", {})
    assert bare["spec"] == {"workflowTemplateRef": {"name": "toy"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"typo": "1"}, "WorkflowTemplate toy: unknown parameter typo; it has changed, fail, items"),
        ({"changed": "yes"}, "WorkflowTemplate toy: changed is 'yes', use true, false"),
    ],
)
def test_refuses_unknown_parameters_and_choices(client, given, message: str) -> None:
    with pytest.raises(SubmitError) as refused:
        refuse_wrong_parameters(client.get_template("toy"), given)
    assert str(refused.value) == message


def test_requires_parameters_without_default() -> None:
    template = {"metadata": {"name": "load"}, "spec": {"arguments": {"parameters": [{"name": "release"}]}}}
    with pytest.raises(SubmitError, match="WorkflowTemplate load: parameter release is needed"):
        refuse_wrong_parameters(template, {})
    refuse_wrong_parameters(template, {"release": "r1"})
    template["spec"]["arguments"]["parameters"][0]["valueFrom"] = {"configMapKeyRef": {"name": "x", "key": "y"}}
    refuse_wrong_parameters(template, {})


def test_missing_template_is_named(client) -> None:
    with pytest.raises(ApiError) as refused:
        client.get_template("nowhere")
    assert (
        str(refused.value) == 'WorkflowTemplate geo/nowhere: HTTP 404 workflowtemplates.argoproj.io "nowhere" not found'
    )
    assert refused.value.is_missing and not refused.value.is_transient


@pytest.mark.parametrize(("status", "transient"), [(401, False), (403, False), (429, True), (500, True), (503, True)])
def test_only_server_errors_and_too_many_requests_are_transient(
    client, api, refusal, status: int, transient: bool
) -> None:
    api.looks = [refusal(status, "no")]
    with pytest.raises(ApiError) as refused:
        client.get_workflow("toy-1")
    assert refused.value.is_transient is transient
    assert str(refused.value) == f"Workflow geo/toy-1: HTTP {status} no"


def test_unreachable_api_is_transient(client, api) -> None:
    api.looks = [MaxRetryError(None, "/", ConnectionRefusedError(111, "refused"))]
    with pytest.raises(ApiError, match="the Kubernetes API does not answer") as refused:
        client.get_workflow("toy-1")
    assert refused.value.is_transient


def test_lists_running_workflows_of_a_template_oldest_first(client, api, workflow) -> None:
    other = workflow("running")
    other["spec"]["workflowTemplateRef"]["name"] = "another"
    unseen = {
        "metadata": {"name": "unseen", "creationTimestamp": "2026-11-24T00:00:00Z"},
        "spec": {"workflowTemplateRef": {"name": "toy"}},
    }
    api.listed = [unseen, other, workflow("running"), workflow("failed")]
    assert [item["metadata"]["name"] for item in client.list_unfinished_of_template("toy")] == [
        workflow("running")["metadata"]["name"], "unseen"
    ]  # fmt: skip


def test_log_leaves_out_lines_of_the_executor(client, api) -> None:
    api.logs = {
        "node-1": "one\ntwo\nerror: HTTP 404\n"
        'time="2026-11-23T14:19:37.686Z" level=info msg="sub-process exited" argo=true error="<nil>"\n'
        "Error: exit status 1\n"
    }
    assert client.read_last_log_lines("toy-1", "node-1", 2) == ["two", "error: HTTP 404"]
    assert client.read_last_log_lines("toy-1", "gone", 2) == []
