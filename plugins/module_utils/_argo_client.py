# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Workflows and WorkflowTemplates of Argo in the Kubernetes API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ._argo_status import INSTANCE_ID
from ._kubernetes_api import ApiError, call_api

GROUP, VERSION = "argoproj.io", "v1alpha1"
NODE_ID = "workflows.argoproj.io/node-id"
WORKFLOW = "workflows.argoproj.io/workflow"
WORKFLOW_TEMPLATE = "workflows.argoproj.io/workflow-template"
COMPLETED = "workflows.argoproj.io/completed"
# Lines that Argo's executor adds to the log of a step; they are left out of what users see.
EXECUTOR_LOG_LINE = re.compile(r"\bargo=true\b|^Error: exit status \d+$")


class SubmitError(Exception):
    """A workflow cannot be submitted: a wrong parameter, or one of the same template runs already."""


class ArgoClient:
    """Reads and creates Workflows, and reads their pods and logs, in one namespace. Its methods raise ApiError."""

    def __init__(self, custom_objects: Any, core: Any, namespace: str) -> None:
        """Take ``CustomObjectsApi`` and ``CoreV1Api`` of the Kubernetes client."""
        self._custom = custom_objects
        self._core = core
        self.namespace = namespace

    @classmethod
    def from_api(cls, api: Any, namespace: str) -> ArgoClient:
        """Make an ArgoClient from a client of the Kubernetes API."""
        from kubernetes import client

        return cls(client.CustomObjectsApi(api), client.CoreV1Api(api), namespace)

    def get_template(self, name: str) -> dict[str, Any]:
        """Return the WorkflowTemplate with a name, as the API has it."""
        return self._get("WorkflowTemplate", name)

    def get_workflow(self, name: str) -> dict[str, Any]:
        """Return the Workflow with a name, as the API has it."""
        return self._get("Workflow", name)

    def list_workflows(self, label_selector: str = "") -> list[dict[str, Any]]:
        """Return the Workflows of the namespace that have the labels, oldest first."""
        answer = call_api(
            f"Workflows of namespace {self.namespace}",
            self._custom.list_namespaced_custom_object,
            *self._place("workflows"),
            label_selector=label_selector,
        )
        return sorted(answer.get("items", []), key=lambda item: item["metadata"].get("creationTimestamp", ""))

    def list_unfinished_of_template(self, template: str) -> list[dict[str, Any]]:
        """Return the Workflows of a template that have not ended, oldest first."""
        return [
            item
            for item in self.list_workflows(f"{COMPLETED}!=true")
            if (item.get("spec", {}).get("workflowTemplateRef") or {}).get("name") == template
            and (item.get("status", {}).get("phase") or "Pending") in ("Pending", "Running")
        ]

    def submit_workflow(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a Workflow; return it as the API stored it."""
        workflow: dict[str, Any] = call_api(
            f"Workflow of template {body['spec']['workflowTemplateRef']['name']}",
            self._custom.create_namespaced_custom_object,
            *self._place("workflows"),
            body,
        )
        return workflow

    def list_pods(self, label_selector: str) -> list[Any]:
        """Return the pods with certain labels."""
        pods = call_api(
            f"pods of namespace {self.namespace} ({label_selector})",
            self._core.list_namespaced_pod,
            self.namespace,
            label_selector=label_selector,
        )
        return list(pods.items)

    def read_last_log_lines(self, workflow: str, node: str, lines: int) -> list[str]:
        """Return the last lines of a step's log, those of Argo left out; an empty list when its pod is gone."""
        try:
            for pod in self.list_pods(f"{WORKFLOW}={workflow}"):
                if (pod.metadata.annotations or {}).get(NODE_ID) == node:
                    text = call_api(
                        f"log of pod {pod.metadata.name}", self._core.read_namespaced_pod_log,
                        pod.metadata.name, self.namespace, container="main", tail_lines=lines,
                    )  # fmt: skip
                    return [line for line in str(text).splitlines() if not EXECUTOR_LOG_LINE.search(line)][-lines:]
        except ApiError:
            return []
        return []

    def _get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = call_api(
            f"{kind} {self.namespace}/{name}",
            self._custom.get_namespaced_custom_object,
            *self._place(f"{kind.lower()}s"),
            name,
        )
        return found

    def _place(self, plural: str) -> tuple[str, str, str, str]:
        return GROUP, VERSION, self.namespace, plural


def make_manifest(
    template: str,
    namespace: str,
    parameters: Mapping[str, str],
    *,
    parallelism: int | None = None,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the manifest of a Workflow that runs a WorkflowTemplate and gets its name from it."""
    spec: dict[str, Any] = {"workflowTemplateRef": {"name": template}}
    if parameters:
        given = [{"name": name, "value": value} for name, value in sorted(parameters.items())]
        spec["arguments"] = {"parameters": given}
    if parallelism is not None:
        spec["parallelism"] = parallelism
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "generateName": f"{template}-",
            "namespace": namespace,
            "labels": {WORKFLOW_TEMPLATE: template, **(labels or {})},
        },
        "spec": spec,
    }


def get_instance_labels(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the label that brings a workflow to the controller that its template is meant for, if any."""
    labels = template["metadata"].get("labels") or {}
    return {INSTANCE_ID: labels[INSTANCE_ID]} if INSTANCE_ID in labels else {}


def format_parameters(given: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters of a workflow as texts. Blank ones are left out, so that the template's default applies."""
    texts: dict[str, str] = {}
    for name, value in given.items():
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            texts[name] = "true" if value else "false"
        elif isinstance(value, (dict, list)):
            texts[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            texts[name] = str(value)
    return texts


def refuse_wrong_parameters(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Refuse what Argo would accept silently: parameters that the template does not have, and missing ones.

    Raises:
        SubmitError: A parameter is unknown, missing, or not one of its choices.
    """
    name = template["metadata"]["name"]
    known = (template.get("spec", {}).get("arguments") or {}).get("parameters") or []
    unknown = sorted(set(given) - {parameter["name"] for parameter in known})
    if unknown:
        choice = ", ".join(sorted(parameter["name"] for parameter in known)) or "none"
        raise SubmitError(f"WorkflowTemplate {name}: unknown parameter {', '.join(unknown)}; it has {choice}")
    missing = [p["name"] for p in known if "value" not in p and "valueFrom" not in p and p["name"] not in given]
    if missing:
        raise SubmitError(f"WorkflowTemplate {name}: parameter {', '.join(missing)} is needed")
    for parameter in known:
        allowed, value = parameter.get("enum"), given.get(parameter["name"])
        if allowed and value is not None and value not in allowed:
            raise SubmitError(f"WorkflowTemplate {name}: {parameter['name']} is '{value}', use {', '.join(allowed)}")
