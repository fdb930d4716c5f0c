# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import (
    ArgoError,
    check_parameters,
    parameter_texts,
    submission,
)
from urllib3.exceptions import MaxRetryError


def test_parameters_become_texts_and_blank_ones_vanish() -> None:
    given = {"a": True, "b": False, "c": 3, "d": [{"url": "é"}], "e": "", "f": None, "g": "x", "h": 0}
    assert parameter_texts(given) == {"a": "true", "b": "false", "c": "3", "d": '[{"url":"é"}]', "g": "x", "h": "0"}


def test_submission_names_template_parameters_and_parallelism() -> None:
    body = submission(
        "toy", "geo", {"b": "2", "a": "1"}, generate_name="toy-", parallelism=2, labels={"team": "maps"}
    )  # fmt: skip
    assert body["spec"] == {
        "workflowTemplateRef": {"name": "toy"},
        "arguments": {"parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]},
        "parallelism": 2,
    }
    assert body["metadata"]["labels"] == {"workflows.argoproj.io/workflow-template": "toy", "team": "maps"}
    bare = submission("toy", "geo", {}, generate_name="toy-", parallelism=None, labels={})
    assert bare["spec"] == {"workflowTemplateRef": {"name": "toy"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"typo": "1"}, "WorkflowTemplate toy: unknown parameter typo; it knows changed, fail, items"),
        ({"changed": "yes"}, "WorkflowTemplate toy: changed is 'yes', use true, false"),
    ],
)
def test_what_argo_would_take_silently_is_refused(client, given, message: str) -> None:
    with pytest.raises(ArgoError) as refused:
        check_parameters(client.template("toy"), given)
    assert str(refused.value) == message


def test_a_parameter_without_default_is_needed() -> None:
    template = {"metadata": {"name": "load"}, "spec": {"arguments": {"parameters": [{"name": "release"}]}}}
    with pytest.raises(ArgoError, match="WorkflowTemplate load: parameter release is needed"):
        check_parameters(template, {})
    check_parameters(template, {"release": "r1"})
    template["spec"]["arguments"]["parameters"][0]["valueFrom"] = {"configMapKeyRef": {"name": "x", "key": "y"}}
    check_parameters(template, {})


def test_a_missing_template_is_named(client) -> None:
    with pytest.raises(ArgoError) as refused:
        client.template("nowhere")
    assert (
        str(refused.value) == 'WorkflowTemplate geo/nowhere: HTTP 404 workflowtemplates.argoproj.io "nowhere" not found'
    )
    assert refused.value.missing and not refused.value.temporary


@pytest.mark.parametrize(("status", "temporary"), [(401, False), (403, False), (429, True), (500, True), (503, True)])
def test_which_refusals_may_pass(client, api, refusal, status: int, temporary: bool) -> None:
    api.looks = [refusal(status, "no")]
    with pytest.raises(ArgoError) as refused:
        client.workflow("toy-1")
    assert refused.value.temporary is temporary
    assert str(refused.value) == f"Workflow geo/toy-1: HTTP {status} no"


def test_a_silent_api_may_answer_later(client, api) -> None:
    api.looks = [MaxRetryError(None, "/", ConnectionRefusedError(111, "refused"))]
    with pytest.raises(ArgoError, match="the Kubernetes API does not answer") as refused:
        client.workflow("toy-1")
    assert refused.value.temporary


def test_running_ones_of_the_template_oldest_first(client, api, workflow) -> None:
    other = workflow("running")
    other["spec"]["workflowTemplateRef"]["name"] = "another"
    unseen = {
        "metadata": {"name": "unseen", "creationTimestamp": "2026-11-24T00:00:00Z"},
        "spec": {"workflowTemplateRef": {"name": "toy"}},
    }
    api.listed = [unseen, other, workflow("running"), workflow("failed")]
    assert [item["metadata"]["name"] for item in client.running("toy")] == [
        workflow("running")["metadata"]["name"], "unseen"
    ]  # fmt: skip


def test_log_without_argos_own_lines(client, api) -> None:
    api.logs = {
        "node-1": "one\ntwo\nerror: HTTP 404\n"
        'time="2026-11-23T14:19:37.686Z" level=info msg="sub-process exited" argo=true error="<nil>"\n'
        "Error: exit status 1\n"
    }
    assert client.log("toy-1", "node-1", 2) == ["two", "error: HTTP 404"]
    assert client.log("toy-1", "gone", 2) == []
