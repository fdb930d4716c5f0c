# SPDX-License-Identifier: Apache-2.0
"""Workflows as Argo 3.7 wrote them on a real cluster, and an API that answers with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import NODE_ID, ArgoClient
from checkout import DATA

WORKFLOWS = DATA / "workflows"
TEMPLATE = {
    "metadata": {"name": "toy"},
    "spec": {
        "arguments": {
            "parameters": [
                {"name": "fail", "value": ""},
                {"name": "changed", "value": "true", "enum": ["true", "false"]},
                {"name": "items", "value": "[]"},
            ]
        }
    },
}


@pytest.fixture
def workflow() -> Callable[[str], dict[str, Any]]:
    """Read one: succeeded, current, failed, failed_after_retries, running or waiting."""

    def read(name: str) -> dict[str, Any]:
        return json.loads((WORKFLOWS / f"{name}.json").read_text())

    return read


class FakeApi:
    """Both API objects of the Kubernetes client, answering from lists; what was asked is kept."""

    def __init__(self) -> None:
        self.templates: dict[str, Any] = {"toy": TEMPLATE}
        self.listed: list[dict[str, Any]] = []
        self.looks: list[Any] = []  # workflows or exceptions, the last one stays
        self.logs: dict[str, str] = {}
        self.created: list[dict[str, Any]] = []

    def get_namespaced_custom_object(self, group, version, namespace, plural, name, **_more):
        assert (group, version) == ("argoproj.io", "v1alpha1")
        if plural == "workflowtemplates":
            if name not in self.templates:
                raise api_exception(404, f'workflowtemplates.argoproj.io "{name}" not found')
            return self.templates[name]
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def list_namespaced_custom_object(self, _group, _version, _namespace, plural, label_selector, **_more):
        assert (plural, label_selector) == ("workflows", "workflows.argoproj.io/completed!=true")
        return {"items": self.listed}

    def create_namespaced_custom_object(self, _group, _version, namespace, plural, body, **_more):
        assert (plural, namespace) == ("workflows", "geo")
        self.created.append(body)
        name = body["metadata"]["generateName"] + "x7k2q"
        return {**body, "metadata": {**body["metadata"], "name": name, "creationTimestamp": "2026-11-23T14:00:00Z"}}

    def list_namespaced_pod(self, _namespace, label_selector, **_more):
        assert label_selector.startswith("workflows.argoproj.io/workflow=")
        pods = [
            SimpleNamespace(metadata=SimpleNamespace(name=f"pod-of-{node}", annotations={NODE_ID: node}))
            for node in self.logs
        ]
        return SimpleNamespace(items=pods)

    def read_namespaced_pod_log(self, name, _namespace, container, **_more):
        assert container == "main"
        return self.logs[name.removeprefix("pod-of-")]


def api_exception(status: int, message: str) -> Exception:
    from kubernetes.client.exceptions import ApiException

    error = ApiException(status=status, reason="reason")
    error.body = json.dumps({"message": message})
    return error


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def client(api: FakeApi) -> ArgoClient:
    return ArgoClient(api, api, "geo")


@pytest.fixture
def refusal() -> Callable[[int, str], Exception]:
    return api_exception
