# SPDX-License-Identifier: Apache-2.0
"""The pod of a step: container, environment, volumes and limits, with the values of the settings filled in."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from .._schema import merge_trees
from .._secrets import get_secret_names
from .files import Document, Step, WorkflowFileError
from .shared_pod_fields import make_shared_environment, make_shared_volumes

FROM_PLAN = "from-plan"
DISK = "{{inputs.parameters.disk}}"
DISK_ALONE = "10Gi"
# Reference of an image with an exact tag or a digest; latest is refused.
IMAGE = re.compile(r"[^\s@]+(:(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})")
TREX_CACHE = "/tmp/mvtcache"  # noqa: S108  where the original has it
SETTINGS = "cosmogony-settings"

# By the name of credentials in a step's file: environment variable and the key of the Secret that it takes.
CREDENTIALS = {
    "storage": {"S3_ACCESS_KEY": "accesskey", "S3_SECRET_KEY": "secretkey"},
    "sources": {"SOURCE_S3_ACCESS_KEY": "accesskey", "SOURCE_S3_SECRET_KEY": "secretkey"},
    "backups": {"BACKUP_S3_ACCESS_KEY": "accesskey", "BACKUP_S3_SECRET_KEY": "secretkey"},
    "database": {"POSTGRES_USER": "user", "POSTGRES_PASSWORD": "password"},
    "webhook": {"WEBHOOK_URL": "url"},
    "trex": {"TREX_DATASOURCE_URL": "url"},
}
# Section of the settings that names the Secret, for credentials whose name differs from their section.
SECTIONS = {"sources": "source_storage", "backups": "backup_storage", "webhook": "report"}
# Credentials whose Secret may be missing: a step then reads public buckets, and posts nothing to a webhook.
OPTIONAL = {"sources", "webhook"}


def make_environment(step: Step, settings: Mapping[str, Any], scratch: str) -> list[Document]:
    """Return the environment variables of a step's container; other settings reach it as settings.json."""
    made: list[Document] = []
    names = get_secret_names(settings)
    for credential in step.credentials:
        if credential not in CREDENTIALS:
            raise WorkflowFileError(f"{step.name}.yaml: no credentials {credential}, only {', '.join(CREDENTIALS)}")
        if not names[SECTIONS.get(credential, credential)]:
            continue
        for variable, key in CREDENTIALS[credential].items():
            reference: Document = {"name": names[SECTIONS.get(credential, credential)], "key": key}
            if credential in OPTIONAL:
                reference["optional"] = True
            made.append({"name": variable, "valueFrom": {"secretKeyRef": reference}})
        if credential == "webhook":
            made.append({"name": "WEBHOOK_NAME", "value": names[SECTIONS.get(credential, credential)]})
    made.append({"name": "SCRATCH_SIZE", "value": scratch})
    made.append({"name": "STALL_SECONDS", "value": str(settings["steps"][step.pod]["stall"])})
    if "trex-cache" in step.volumes and _uses_trex(settings):
        made.append({"name": "TREX_CACHE", "value": TREX_CACHE})
    return made + make_shared_environment(settings)


def _uses_trex(settings: Mapping[str, Any]) -> bool:
    """Return whether t-rex is the tile server."""
    return bool(settings["tiles"]["engine"] == "trex")


def make_volumes(step: Step, settings: Mapping[str, Any], scratch: str) -> tuple[list[Document], list[Document]]:
    """Return the volumes of a step's pod and the mounts of its container.

    Args:
        step: Its ``volumes`` are ``sources``, ``trex-cache`` and ``trex-config``; each is left out where the settings
            have no use for it.
        settings: The settings.
        scratch: Size of /tmp; blank where the pod is patched with it.

    Returns:
        The volumes of the pod and the mounts of its container.
    """
    claims = {
        "sources": settings["source_volume"]["existing_claim"],
        "trex-cache": (settings["trex"]["cache_volume"]["existing_claim"] or "cosmogony-trex")
        if _uses_trex(settings)
        else "",
    }
    volumes: list[Document] = [
        {"name": "tmp", "emptyDir": {"sizeLimit": scratch} if scratch else {}},
        {"name": "settings", "configMap": {"name": SETTINGS}},
    ]
    mounts: list[Document] = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  the mount point in the pod
        {"name": "settings", "mountPath": "/etc/cosmogony", "readOnly": True},
    ]
    for name in step.volumes:
        if name == "trex-config":
            volumes.append({"name": name, "configMap": {"name": "cosmogony-trex"}})
            mounts.append({"name": name, "mountPath": "/etc/trex", "readOnly": True})
        elif name not in claims:
            raise WorkflowFileError(f"{step.name}.yaml: no volume {name}, only {', '.join(claims)} and trex-config")
        elif claims[name]:
            # Without subPath: with one, the cache's link to the live release would stay that of the pod's start.
            read_only = {"readOnly": True} if name == "sources" else {}
            volumes.append({"name": name, "persistentVolumeClaim": {"claimName": claims[name], **read_only}})
            mounts.append({"name": name, "mountPath": "/sources" if name == "sources" else TREX_CACHE, **read_only})
    shared_volumes, shared_mounts = make_shared_volumes(settings)
    return volumes + shared_volumes, mounts + shared_mounts


def _make_trex_placement(settings: Mapping[str, Any], security: Document) -> Document:
    """Return the security context and affinity of a step that works on t-rex's cache.

    One user writes all of it, so that each pod can remove what another made. A volume of one node wants all its pods on
    that node, where those of t-rex are.
    """
    trex = settings["trex"]
    user = trex["run_as_user"]
    placement: Document = {
        "securityContext": {**security, "runAsUser": user, "runAsGroup": user, "fsGroup": user,
                            "fsGroupChangePolicy": "OnRootMismatch"},
    }  # fmt: skip
    if trex["cache_volume"]["access_mode"] == "ReadWriteOnce":
        labels = {
            "app.kubernetes.io/name": "cosmogony",
            "app.kubernetes.io/instance": settings["release_name"],
            "app.kubernetes.io/component": "tiles",
        }
        # All pods of tiles but Martin's, which may run on any node; pods of earlier versions lack the engine's label.
        other = {"key": "cosmogony.stack/tiles-engine", "operator": "NotIn", "values": ["martin"]}
        selector = {"matchLabels": labels, "matchExpressions": [other]}
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
        needed = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        placement["affinity"] = merge_trees(settings["pods"]["affinity"], needed)
    return placement


def make_step_template(step: Step, settings: Mapping[str, Any], envelope: Document) -> Document:
    """Return the Argo template of a step, without its name.

    Args:
        step: The step.
        settings: The whole tree.
        envelope: What all have in common: ``spec`` of a workflow, ``template`` and ``container`` of a step.

    Returns:
        The template.

    Raises:
        WorkflowFileError: The step names an image, pod, Secret or volume that there is not.
    """
    if step.pod not in settings["steps"]:
        raise WorkflowFileError(f"{step.name}.yaml: no pod {step.pod}, only {', '.join(settings['steps'])}")
    pod = settings["steps"][step.pod]
    planned = has_planned_scratch(step, settings)
    scratch = DISK if planned else str(pod["scratch"])
    volumes, mounts = make_volumes(step, settings, "" if planned else scratch)
    resources = copy.deepcopy({key: value for key, value in pod["resources"].items() if value})
    # Scratch space is requested too, so that the pod is scheduled where there is room; settings may request less.
    asks_for_less = "ephemeral-storage" in resources.setdefault("requests", {})
    made: Document = copy.deepcopy(envelope["template"])
    inputs = _make_template_inputs(step, planned=planned)
    if inputs:
        made["inputs"] = {"parameters": inputs}
    if step.outputs:
        made["outputs"] = {"parameters": [_output(entry) for entry in step.outputs]}
    made["activeDeadlineSeconds"] = step.deadline or pod["deadline"]
    made["retryStrategy"].update(step.retry)
    if planned:
        made["podSpecPatch"] = json.dumps(_scratch_patch(scratch, requested=not asks_for_less))
    elif not asks_for_less:
        resources["requests"]["ephemeral-storage"] = scratch
    if "trex-cache" in step.volumes and _uses_trex(settings):
        made.update(_make_trex_placement(settings, envelope["spec"]["securityContext"]))
    made["volumes"] = volumes
    sources = [{"secretRef": {"name": name}} for name in settings["pods"]["env_secrets"]]
    made["container"] = {
        "image": _get_image_reference(step, settings),
        "imagePullPolicy": settings["image_pull_policy"],
        "command": step.command,
        "args": _options(step) if step.args is None else step.args,
        "env": make_environment(step, settings, scratch),
        **({"envFrom": sources} if sources else {}),
        "resources": resources,
        **copy.deepcopy(envelope["container"]),
        "volumeMounts": mounts,
    }
    return made


def _get_image_reference(step: Step, settings: Mapping[str, Any]) -> str:
    """Return the reference of a step's image.

    Raises:
        WorkflowFileError: There is none, or none that names exactly one image.
    """
    image = str(settings["trex"]["image"] if step.image == "trex" else settings["images"].get(step.image, ""))
    if not IMAGE.fullmatch(image):
        path = "trex.image" if step.image == "trex" else f"images.{step.image}"
        raise WorkflowFileError(f"{path} is {image!r}: name an image with an exact tag or a digest, never latest")
    return image


def has_planned_scratch(step: Step, settings: Mapping[str, Any]) -> bool:
    """Return whether step plan computes the scratch space of a step, rather than the settings.

    Raises:
        WorkflowFileError: It is to be, and the step cannot take it.
    """
    planned = settings["steps"][step.pod]["scratch"] == FROM_PLAN
    if planned and not step.planned:
        raise WorkflowFileError(f"steps.{step.pod}.scratch is {FROM_PLAN}: only those of extract and merge can be")
    return bool(planned)


def _make_template_inputs(step: Step, *, planned: bool) -> list[Document]:
    """Return the input parameters of a step's Argo template, with ``disk`` where step plan computes scratch space."""
    given: list[Document] = [
        {key: entry[key] for key in ("name", "value") if key in entry} for entry in step.parameters
    ]
    return given + ([{"name": "disk", "value": DISK_ALONE}] if planned else [])


def _options(step: Step) -> list[str]:
    """Return the arguments of a step's command: an option for each parameter, and the folder for outputs."""
    names = [entry["name"] for entry in step.parameters]
    return [*(f"--{name}={{{{inputs.parameters.{name}}}}}" for name in names), "--outputs=/tmp/outputs"]


def _output(entry: str | Document) -> Document:
    """Return an output parameter of an Argo template, read from the file of that name in /tmp/outputs."""
    named = {"name": entry} if isinstance(entry, str) else entry
    source = {"path": f"/tmp/outputs/{named['name']}"}  # noqa: S108  the folder in the pod
    if "default" in named:
        source["default"] = named["default"]
    output = {"name": named["name"], "valueFrom": source}
    return {**output, "globalName": named["global"]} if "global" in named else output


def _scratch_patch(scratch: str, *, requested: bool) -> Document:
    """Return the pod patch that sizes /tmp by the plan; Argo fills no parameters into fields for quantities."""
    patch: Document = {"volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": scratch}}]}
    if requested:
        patch["containers"] = [{"name": "main", "resources": {"requests": {"ephemeral-storage": scratch}}}]
    return patch
