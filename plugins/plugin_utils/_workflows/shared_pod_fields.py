# SPDX-License-Identifier: Apache-2.0
"""What all pods of workflows get from the settings ``pods``, ``proxy`` and ``ca_bundle``, as fields of Argo."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .._ca_bundle import CONFIG_MAP, FOLDER, make_ca_environment
from .files import Document

PROXY = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY"}


def make_shared_spec(settings: Mapping[str, Any]) -> Document:
    """Return the fields of a workflow's spec that place its pods, and name their user and registry credentials."""
    pods = settings["pods"]
    spec: Document = {}
    if user := pods["run_as_user"]:
        owner = {"runAsUser": user, "runAsGroup": user, "fsGroup": user, "fsGroupChangePolicy": "OnRootMismatch"}
        spec["securityContext"] = owner
    metadata = {key: dict(pods[key]) for key in ("labels", "annotations") if pods[key]}
    if metadata:
        spec["podMetadata"] = metadata
    for field, name in {
        "nodeSelector": "node_selector",
        "tolerations": "tolerations",
        "affinity": "affinity",
        "podPriorityClassName": "priority_class",
    }.items():
        if pods[name]:
            spec[field] = copy.deepcopy(pods[name])
    if settings["image_pull_secrets"]:
        spec["imagePullSecrets"] = [{"name": name} for name in settings["image_pull_secrets"]]
    return spec


def make_shared_environment(settings: Mapping[str, Any]) -> list[Document]:
    """Return the environment variables that every step has: those of the site, and the proxy's."""
    values = {variable: settings["proxy"][name] for name, variable in PROXY.items() if settings["proxy"][name]}
    secrets = settings["pods"]["env_secrets"]
    # Also with Secrets alone, because one of them may name the proxy, which needs the exceptions.
    if values or secrets:
        values["NO_PROXY"] = settings["proxy"]["no_proxy"]
    if settings["ca_bundle"]:
        values |= make_ca_environment(settings["database"]["sslmode"])
    values |= settings["pods"]["env"]
    return [{"name": name, "value": str(value)} for name, value in values.items()]


def make_shared_volumes(settings: Mapping[str, Any]) -> tuple[list[Document], list[Document]]:
    """Return the volumes that every step has, and their mounts: the CA certificates, and those of the site."""
    volumes, mounts = list(settings["pods"]["volumes"]), list(settings["pods"]["volume_mounts"])
    if settings["ca_bundle"]:
        volumes.insert(0, {"name": "ca", "configMap": {"name": CONFIG_MAP}})
        mounts.insert(0, {"name": "ca", "mountPath": FOLDER, "readOnly": True})
    return volumes, mounts
