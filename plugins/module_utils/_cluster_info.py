# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Questions to the Kubernetes API about the cluster, its Argo Workflows and the rights of the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._kubernetes_api import ApiError, call_api

REQUEST_SECONDS = 10
ARGO_GROUP = "argoproj.io"
ARGO_VERSION = "v1alpha1"
VERSION_LABELS = ("app.kubernetes.io/version", "helm.sh/chart-version")
CONTROLLER = "workflow-controller"
CONTROLLER_CONFIG = "workflow-controller-configmap"  # unless an argument names another one
# A field of CronWorkflow, and the version of Argo Workflows that introduced it.
SCHEMA_MARK, SCHEMA_VERSION = "schedules", "3.6"


class Cluster:
    """Reads version, user, rights and Argo Workflows of one cluster; changes nothing.

    Attributes:
        api: A client of its API.
        namespace: The namespace that is asked about.
        argo_namespace: The namespace of the workflow controller, for users who may not look for it everywhere.
        notes: What could not be read, and why.
    """

    def __init__(self, api: Any, namespace: str, argo_namespace: str | None = None) -> None:
        self.api = api
        self.namespace = namespace
        self.argo_namespace = argo_namespace or namespace
        self.notes: list[str] = []

    def read_version(self) -> str:
        """Return the version of Kubernetes.

        Raises:
            ApiError: The API does not say.
        """
        from kubernetes import client

        return str(_ask("version", client.VersionApi(self.api).get_code).git_version)

    def read_identity(self) -> dict[str, Any]:
        """Return user and groups as the API sees them; the user is None on clusters that do not say (before 1.28)."""
        from kubernetes import client

        review = self._ask_optional("own identity", client.AuthenticationV1Api(self.api).create_self_subject_review, {})
        info = review.status.user_info if review is not None else None
        return {"user": info.username if info else None, "groups": list(info.groups or []) if info else []}

    def describe_namespace(self) -> dict[str, Any]:
        """Return what module cluster_info reports about the namespace."""
        from kubernetes import client

        read = client.CoreV1Api(self.api).read_namespace
        found = self._ask_optional(f"namespace {self.namespace}", read, self.namespace, missing=False)
        return {
            "namespace_exists": None if found is None else bool(found),
            "namespace_labels": dict(found.metadata.labels or {}) if found else None,
        }

    def describe_argo(self) -> dict[str, Any]:
        """Return what module cluster_info reports about Argo Workflows."""
        kinds = self._list_argo_kinds()
        controllers = self._list_controllers() if kinds else []
        least = self._read_least_version() if "CronWorkflow" in kinds else None
        watching = None if controllers is None else [each for each in controllers if is_watching(each, self.namespace)]
        versions = [each["version"] for each in watching or controllers or [] if each["version"]]
        return {
            "installed": "WorkflowTemplate" in kinds,
            "kinds": kinds,
            "controllers": controllers,
            "watching": watching,
            "version": versions[0] if versions else least and f">={least}",
        }

    def list_missing_rights(self, rights: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return which of the given rights the user lacks, as texts ``verb/verb resource.group``.

        A right in another namespace is followed by ``in namespace NAME``.

        Raises:
            ApiError: The API does not say.
        """
        missing = []
        for right in rights:
            lacking = [verb for verb in right["verbs"] if not self._is_allowed(right, verb)]
            if lacking:
                group = f".{right['group']}" if right["group"] else ""
                elsewhere = f" in namespace {right['namespace']}" if right.get("namespace") else ""
                missing.append(f"{'/'.join(lacking)} {right['resource']}{group}{elsewhere}")
        return missing

    def _is_allowed(self, right: Mapping[str, Any], verb: str) -> bool:
        from kubernetes import client

        resource, _slash, part = right["resource"].partition("/")
        attributes = {
            "verb": verb,
            "group": right["group"],
            "resource": resource,
            "subresource": part,
            "namespace": "" if right["cluster"] else right.get("namespace") or self.namespace,
        }
        review = client.AuthorizationV1Api(self.api).create_self_subject_access_review
        return bool(_ask("own rights", review, {"spec": {"resourceAttributes": attributes}}).status.allowed)

    def _list_argo_kinds(self) -> list[str]:
        from kubernetes import client

        list_kinds = client.CustomObjectsApi(self.api).get_api_resources
        try:
            found = _ask("kinds of Argo Workflows", list_kinds, ARGO_GROUP, ARGO_VERSION)
        except ApiError as error:
            if not error.is_missing:
                raise
            return []
        return sorted({each.kind for each in found.resources})

    def _list_controllers(self) -> list[dict[str, Any]] | None:
        """Return the workflow controllers; None when the user may not list them."""
        from kubernetes import client

        apps = client.AppsV1Api(self.api)
        notes = list(self.notes)
        found = self._ask_optional("deployments of all namespaces", apps.list_deployment_for_all_namespaces)
        if found is not None:
            return self._describe_controllers(found.items)
        where = f"deployments of {self.argo_namespace}"
        found = self._ask_optional(where, apps.list_namespaced_deployment, self.argo_namespace)
        if found is None or not select_workflow_controllers(found.items):
            return None  # this does not rule out one elsewhere that serves the whole cluster
        self.notes = notes
        return self._describe_controllers(found.items)

    def _describe_controllers(self, deployments: Iterable[Any]) -> list[dict[str, Any]]:
        controllers = select_workflow_controllers(deployments)
        for controller in controllers:
            controller["instance_id"] = self._read_instance_id(controller["namespace"], controller.pop("config"))
        return controllers

    def _read_instance_id(self, namespace: str, name: str) -> str | None:
        """Return the instance id in the ConfigMap of a workflow controller, or None when the user may not read it."""
        from kubernetes import client

        read = client.CoreV1Api(self.api).read_namespaced_config_map
        found = self._ask_optional(f"configmap {namespace}/{name}", read, name, namespace, missing=False)
        if found is None:
            return None
        return parse_instance_id((found.data or {}) if found else {})

    def _read_least_version(self) -> str | None:
        """Return the oldest version of Argo Workflows that the definition of CronWorkflow can be from."""
        from kubernetes import client

        extensions = client.ApiextensionsV1Api(self.api)
        found = self._ask_optional(
            "the definition of CronWorkflow",
            extensions.read_custom_resource_definition,
            f"cronworkflows.{ARGO_GROUP}",
        )
        for version in found.spec.versions if found is not None else []:
            schema = version.schema.open_apiv3_schema if version.schema else None
            spec = (schema.properties or {}).get("spec") if schema else None
            if spec is not None and SCHEMA_MARK in (spec.properties or {}):
                return SCHEMA_VERSION
        return None

    def _ask_optional(self, subject: str, function: Any, *arguments: Any, missing: Any = None) -> Any:
        """Return an answer that is optional; None, with a note for the module's result, when the user may not ask."""
        try:
            return _ask(subject, function, *arguments)
        except ApiError as error:
            if error.is_missing:
                return missing
            if not error.is_denied:
                raise
            self.notes.append(f"may not read {error}")
            return None


def _ask(subject: str, function: Any, *arguments: Any) -> Any:
    return call_api(subject, function, *arguments, timeout=REQUEST_SECONDS)


def select_workflow_controllers(deployments: Iterable[Any]) -> list[dict[str, Any]]:
    """Return name, version, scope, ConfigMap and readiness of each Argo workflow controller among Deployments."""
    found = []
    for deployment in deployments:
        for container in deployment.spec.template.spec.containers:
            words = [*(container.command or []), *(container.args or [])]
            if container.name != CONTROLLER and CONTROLLER not in [word.rsplit("/", 1)[-1] for word in words[:1]]:
                continue
            labels = {**(deployment.metadata.labels or {}), **(deployment.spec.template.metadata.labels or {})}
            found.append(
                {
                    "namespace": deployment.metadata.namespace,
                    "name": deployment.metadata.name,
                    "image": container.image,
                    "version": parse_argo_version(container.image, labels),
                    "namespaced": "--namespaced" in words or "--namespaced=true" in words,
                    "managed_namespace": _parse_option(words, "--managed-namespace"),
                    "config": _parse_option(words, "--configmap") or CONTROLLER_CONFIG,
                    "ready": bool(deployment.status and deployment.status.ready_replicas),
                }
            )
    return found


def _parse_option(words: list[str], option: str) -> str | None:
    """Return the value of an option among arguments: ``--option=VALUE`` or two arguments."""
    for position, word in enumerate(words):
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
        if word == option and position + 1 < len(words):
            return words[position + 1]
    return None


def parse_instance_id(data: Mapping[str, str]) -> str:
    """Return the instance id in the data of a workflow controller's ConfigMap; empty if there is none.

    The controller reads it from the key ``instanceID``, or from that field of the document in the key ``config``:
    https://argo-workflows.readthedocs.io/en/release-3.7/workflow-controller-configmap/
    """
    import yaml

    if "config" not in data:
        return data.get("instanceID", "").strip()
    try:
        document = yaml.safe_load(data["config"])
    except yaml.YAMLError:
        return ""
    return str((document or {}).get("instanceID") or "") if isinstance(document, dict) else ""


def parse_argo_version(image: str | None, labels: Mapping[str, str]) -> str | None:
    """Return the version in the tag of an image, otherwise in labels; a tag may be anything, a digest for example."""
    tag = (image or "").partition("@")[0].rpartition(":")[2]
    for text in (tag, *(labels.get(name, "") for name in VERSION_LABELS)):
        match = re.fullmatch(r"v?(\d+\.\d+(?:\.\d+)?)(?:[-+].*)?", text)
        if match:
            return match.group(1)
    return None


def is_watching(controller: Mapping[str, Any], namespace: str) -> bool:
    """Return whether a controller runs the workflows of a namespace."""
    if not controller["namespaced"]:
        return True
    return bool((controller["managed_namespace"] or controller["namespace"]) == namespace)
