# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""What cluster_info asks the Kubernetes API, and what it makes of the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import describe
from ansible_collections.cosmogony.stack.plugins.module_utils._words import plain

REQUEST_TIMEOUT = 10
ARGO_GROUP = "argoproj.io"
ARGO_VERSION = "v1alpha1"
VERSION_LABELS = ("app.kubernetes.io/version", "helm.sh/chart-version")
CONTROLLER = "workflow-controller"
ADVICE = "check the kubeconfig, its context and credentials"
# A field of CronWorkflow, and the version that brought it.
SCHEMA_MARK, SCHEMA_VERSION = "schedules", "3.6"


class ClusterError(Exception):
    """The cluster cannot be asked, in words."""


class Cluster:
    """Questions to one cluster; none of them changes anything."""

    def __init__(self, api: Any, namespace: str) -> None:
        self.api = api
        self.namespace = namespace
        self.notes: list[str] = []

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self.api.configuration.host)

    def version(self) -> str:
        """Return the version of Kubernetes."""
        from kubernetes import client

        return str(self._need("the version", client.VersionApi(self.api).get_code).git_version)

    def identity(self) -> dict[str, Any]:
        """Tell who the API takes us for; unknown on clusters that do not say (before 1.28)."""
        from kubernetes import client

        review = self._may("who we are", client.AuthenticationV1Api(self.api).create_self_subject_review, {})
        info = review.status.user_info if review is not None else None
        return {"user": info.username if info else None, "groups": list(info.groups or []) if info else []}

    def namespace_exists(self) -> bool | None:
        """Tell whether the namespace is there; None when we may not know."""
        from kubernetes import client

        found = self._may(
            f"namespace {self.namespace}", client.CoreV1Api(self.api).read_namespace, self.namespace, missing=False
        )
        return None if found is None else bool(found)

    def argo(self) -> dict[str, Any]:
        """Tell what there is of Argo Workflows."""
        kinds = self._kinds()
        controllers = self._controllers() if kinds else []
        schema = self._schema_version() if "CronWorkflow" in kinds else None
        watching = None if controllers is None else [each for each in controllers if watches(each, self.namespace)]
        versions = [each["version"] for each in watching or controllers or [] if each["version"]]
        return {
            "installed": "WorkflowTemplate" in kinds,
            "kinds": kinds,
            "controllers": controllers,
            "watching": watching,
            "version": versions[0] if versions else schema and f">={schema}",
        }

    def missing_rights(self, rights: Iterable[Mapping[str, Any]]) -> list[str]:
        """Tell which of the rights we lack, as ``verb/verb resource.group``."""
        missing = []
        for right in rights:
            lacking = [verb for verb in right["verbs"] if not self._allowed(right, verb)]
            if lacking:
                group = f".{right['group']}" if right["group"] else ""
                missing.append(f"{'/'.join(lacking)} {right['resource']}{group}")
        return missing

    def _allowed(self, right: Mapping[str, Any], verb: str) -> bool:
        from kubernetes import client

        resource, _slash, part = right["resource"].partition("/")
        attributes = {
            "verb": verb,
            "group": right["group"],
            "resource": resource,
            "subresource": part,
            "namespace": "" if right["cluster"] else self.namespace,
        }
        ask = client.AuthorizationV1Api(self.api).create_self_subject_access_review
        return bool(self._need("our rights", ask, {"spec": {"resourceAttributes": attributes}}).status.allowed)

    def _kinds(self) -> list[str]:
        from kubernetes import client

        custom = client.CustomObjectsApi(self.api)
        found = self._need("Argo's kinds", custom.get_api_resources, ARGO_GROUP, ARGO_VERSION, missing=None)
        return sorted({each.kind for each in found.resources}) if found else []

    def _controllers(self) -> list[dict[str, Any]] | None:
        """Find the workflow controllers; None when we may list none."""
        from kubernetes import client

        apps = client.AppsV1Api(self.api)
        found = self._may("deployments of all namespaces", apps.list_deployment_for_all_namespaces)
        if found is None:
            found = self._may(f"deployments of {self.namespace}", apps.list_namespaced_deployment, self.namespace)
            # Seeing none in one namespace says nothing about a controller of the whole cluster.
            if found is None or not controllers(found.items):
                return None
        return controllers(found.items)

    def _schema_version(self) -> str | None:
        from kubernetes import client

        extensions = client.ApiextensionsV1Api(self.api)
        found = self._may(
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

    def _may(self, what: str, function: Any, *arguments: Any, missing: Any = None) -> Any:
        """Ask something that we can do without; None when we may not."""
        from kubernetes.client import ApiException

        try:
            return function(*arguments, _request_timeout=REQUEST_TIMEOUT)
        except ApiException as error:
            if error.status == 404:
                return missing
            if error.status not in (401, 403):
                raise ClusterError(
                    f"Kubernetes API {self.server} does not answer for {what}: {describe(error)}"
                ) from error
            self.notes.append(f"may not read {what} ({describe(error)})")
            return None

    def _need(self, what: str, function: Any, *arguments: Any, missing: Any = ...) -> Any:
        import urllib3
        from kubernetes.client import ApiException

        try:
            return function(*arguments, _request_timeout=REQUEST_TIMEOUT)
        except ApiException as error:
            if error.status == 404 and missing is not ...:
                return missing
            raise ClusterError(
                f"Kubernetes API {self.server} does not tell {what}: {describe(error)}; {ADVICE}"
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ClusterError(f"Kubernetes API {self.server} cannot be reached: {plain(error)}; {ADVICE}") from error


def controllers(deployments: Iterable[Any]) -> list[dict[str, Any]]:
    """Pick the workflow controllers among deployments."""
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
                    "version": version_of(container.image, labels),
                    "namespaced": "--namespaced" in words or "--namespaced=true" in words,
                    "managed_namespace": managed_namespace(words),
                    "ready": bool(deployment.status and deployment.status.ready_replicas),
                }
            )
    return found


def managed_namespace(words: list[str]) -> str | None:
    """Read --managed-namespace, in both of its forms."""
    for position, word in enumerate(words):
        if word.startswith("--managed-namespace="):
            return word.partition("=")[2]
        if word == "--managed-namespace" and position + 1 < len(words):
            return words[position + 1]
    return None


def version_of(image: str | None, labels: Mapping[str, str]) -> str | None:
    """Read a version from the tag of an image or from labels; a tag may be anything, a digest for example."""
    tag = (image or "").partition("@")[0].rpartition(":")[2]
    for text in (tag, *(labels.get(name, "") for name in VERSION_LABELS)):
        match = re.fullmatch(r"v?(\d+\.\d+(?:\.\d+)?)(?:[-+].*)?", text)
        if match:
            return match.group(1)
    return None


def watches(controller: Mapping[str, Any], namespace: str) -> bool:
    """Tell whether a controller runs the workflows of a namespace."""
    if not controller["namespaced"]:
        return True
    return bool((controller["managed_namespace"] or controller["namespace"]) == namespace)
