# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""The calls to the Kubernetes API that argo_workflow makes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

GROUP, VERSION = "argoproj.io", "v1alpha1"
NODE_ID = "workflows.argoproj.io/node-id"
WORKFLOW = "workflows.argoproj.io/workflow"
WORKFLOW_TEMPLATE = "workflows.argoproj.io/workflow-template"
COMPLETED = "workflows.argoproj.io/completed"
REQUEST_TIMEOUT = 30
# What Argo's executor writes into the log of a step.
ARGOS_OWN = re.compile(r"\bargo=true\b|^Error: exit status \d+$")


class ArgoError(Exception):
    """What the API refused, in words; temporary when asking again may help."""

    def __init__(self, message: str, *, temporary: bool = False, missing: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary
        self.missing = missing


class ArgoClient:
    """Workflows and their pods in one namespace."""

    def __init__(self, custom_objects: Any, core: Any, namespace: str) -> None:
        self._custom = custom_objects
        self._core = core
        self.namespace = namespace

    def template(self, name: str) -> dict[str, Any]:
        """Return a WorkflowTemplate."""
        return self._object("WorkflowTemplate", name)

    def workflow(self, name: str) -> dict[str, Any]:
        """Return a Workflow."""
        return self._object("Workflow", name)

    def running(self, template: str) -> list[dict[str, Any]]:
        """Return the workflows of a template that have not ended, oldest first."""
        answer = self._call(
            f"Workflows of namespace {self.namespace}", self._custom.list_namespaced_custom_object,
            *self._where("workflows"), label_selector=f"{COMPLETED}!=true",
        )  # fmt: skip
        found = [
            item
            for item in answer.get("items", [])
            if (item.get("spec", {}).get("workflowTemplateRef") or {}).get("name") == template
            and (item.get("status", {}).get("phase") or "Pending") in ("Pending", "Running")
        ]
        return sorted(found, key=lambda item: item["metadata"].get("creationTimestamp", ""))

    def submit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a Workflow; return it as the API stored it."""
        workflow: dict[str, Any] = self._call(
            f"Workflow of template {body['spec']['workflowTemplateRef']['name']}",
            self._custom.create_namespaced_custom_object,
            *self._where("workflows"),
            body,
        )
        return workflow

    def log(self, workflow: str, node: str, lines: int) -> list[str]:
        """Return the last lines that a step wrote; none when its pod is gone."""
        try:
            pods = self._call(
                f"pods of workflow {workflow}", self._core.list_namespaced_pod,
                self.namespace, label_selector=f"{WORKFLOW}={workflow}",
            )  # fmt: skip
            for pod in pods.items:
                if (pod.metadata.annotations or {}).get(NODE_ID) == node:
                    text = self._call(
                        f"log of pod {pod.metadata.name}", self._core.read_namespaced_pod_log,
                        pod.metadata.name, self.namespace, container="main", tail_lines=lines,
                    )  # fmt: skip
                    return [line for line in str(text).splitlines() if not ARGOS_OWN.search(line)][-lines:]
        except ArgoError:
            return []
        return []

    def _object(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._call(
            f"{kind} {self.namespace}/{name}",
            self._custom.get_namespaced_custom_object,
            *self._where(f"{kind.lower()}s"),
            name,
        )
        return found

    def _where(self, plural: str) -> tuple[str, str, str, str]:
        return GROUP, VERSION, self.namespace, plural

    def _call(self, what: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return function(*args, _request_timeout=REQUEST_TIMEOUT, **kwargs)
        except ApiException as error:
            status = error.status or 0
            raise ArgoError(
                f"{what}: {_reason(error)}", temporary=status == 429 or status >= 500, missing=status == 404
            ) from error
        except (HTTPError, OSError) as error:
            raise ArgoError(f"{what}: the Kubernetes API does not answer ({error})", temporary=True) from error


def _reason(error: Any) -> str:
    try:
        message = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        message = error.reason or ""
    return f"HTTP {error.status} {message}".strip()


def submission(
    template: str, namespace: str, parameters: Mapping[str, str], *,
    generate_name: str, parallelism: int | None, labels: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Return the Workflow object that runs a template."""
    spec: dict[str, Any] = {"workflowTemplateRef": {"name": template}}
    if parameters:
        spec["arguments"] = {"parameters": [{"name": k, "value": v} for k, v in sorted(parameters.items())]}
    if parallelism is not None:
        spec["parallelism"] = parallelism
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "generateName": generate_name,
            "namespace": namespace,
            "labels": {WORKFLOW_TEMPLATE: template, **labels},
        },
        "spec": spec,
    }


def parameter_texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as Argo takes them. Blank ones are left out, so that the template's default applies."""
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


def check_parameters(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Refuse what Argo would take silently: parameters the template does not know, and missing ones.

    Raises:
        ArgoError: A parameter is unknown, missing, or none of its choices.
    """
    name = template["metadata"]["name"]
    known = (template.get("spec", {}).get("arguments") or {}).get("parameters") or []
    unknown = sorted(set(given) - {parameter["name"] for parameter in known})
    if unknown:
        choice = ", ".join(sorted(parameter["name"] for parameter in known)) or "none"
        raise ArgoError(f"WorkflowTemplate {name}: unknown parameter {', '.join(unknown)}; it knows {choice}")
    missing = [p["name"] for p in known if "value" not in p and "valueFrom" not in p and p["name"] not in given]
    if missing:
        raise ArgoError(f"WorkflowTemplate {name}: parameter {', '.join(missing)} is needed")
    for parameter in known:
        allowed, value = parameter.get("enum"), given.get(parameter["name"])
        if allowed and value is not None and value not in allowed:
            raise ArgoError(f"WorkflowTemplate {name}: {parameter['name']} is '{value}', use {', '.join(allowed)}")
