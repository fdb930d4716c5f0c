# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Whether the ResourceQuotas of a namespace let the pods of manifests be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Manifest = Mapping[str, Any]

#: Resources that every container must name where a quota limits them, with the field of the container and its key.
#: https://kubernetes.io/docs/concepts/policy/resource-quotas/#compute-resource-quota
COMPUTE = {
    "cpu": ("requests", "cpu"),
    "memory": ("requests", "memory"),
    "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"),
    "limits.cpu": ("limits", "cpu"),
    "limits.memory": ("limits", "memory"),
}


@dataclass(frozen=True)
class Container:
    """A container of a manifest, with the number of pods that have it."""

    name: str
    replicas: int
    requests: Mapping[str, Any]
    limits: Mapping[str, Any]

    def get(self, resource: str) -> Any:
        """Return what the container gives for a resource of a quota; None if nothing."""
        field, key = COMPUTE[resource]
        return (self.requests if field == "requests" else self.limits).get(key)


def list_quota_conflicts(
    manifests: Iterable[Manifest],
    quotas: Iterable[Manifest],
    limit_ranges: Iterable[Manifest],
    *,
    is_installed: bool,
) -> list[str]:
    """Return a sentence for each resource of a quota on account of which Kubernetes would refuse a pod.

    Args:
        manifests: Deployments, Jobs and WorkflowTemplates; other kinds have no pods.
        quotas: The ResourceQuotas of the namespace. Those for some pods only (scopes) are left out.
        limit_ranges: The LimitRanges of the namespace, whose defaults count.
        is_installed: Whether the pods are there already, so that the quotas have room for them.
    """
    defaults = _read_defaults(limit_ranges)
    containers = [container for manifest in manifests for container in _list_containers(manifest, defaults)]
    found = []
    for quota in quotas:
        if quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"):
            continue
        name = quota["metadata"]["name"]
        for resource, hard in sorted((quota["spec"].get("hard") or {}).items()):
            if resource not in COMPUTE:
                continue
            lacking = [container.name for container in containers if container.get(resource) is None]
            if lacking:
                found.append(f"ResourceQuota {name} wants {resource} of every container, {', '.join(lacking)} lack it")
            elif not is_installed:
                used = ((quota.get("status") or {}).get("used") or {}).get(resource, "0")
                free = _parse_quantity(hard) - _parse_quantity(used)
                each_need = (each.replicas * _parse_quantity(each.get(resource)) for each in containers)
                needed = sum(each_need, Decimal(0))
                if needed > free:
                    found.append(
                        f"ResourceQuota {name} allows {hard} of {resource} and {used} are in use,"
                        f" the pods need {_format_quantity(needed)} more"
                    )
    return found


def _list_containers(manifest: Manifest, defaults: Mapping[str, Mapping[str, Any]]) -> Iterator[Container]:
    where = f"{manifest['kind']}/{manifest['metadata']['name']}"
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "WorkflowTemplate":
        for template in spec.get("templates") or []:
            if template.get("container"):
                yield _read_container(template["container"], f"{where} ({template['name']})", 1, defaults)
        return
    pod = (spec.get("template") or {}).get("spec") or {}
    for container in [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]:
        yield _read_container(container, f"{where} ({container['name']})", int(spec.get("replicas", 1)), defaults)


def _read_container(
    container: Manifest, name: str, replicas: int, defaults: Mapping[str, Mapping[str, Any]]
) -> Container:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    requests = {**defaults["requests"], **limits, **(resources.get("requests") or {})}
    return Container(name, replicas, requests, {**defaults["limits"], **limits})


def _read_defaults(limit_ranges: Iterable[Manifest]) -> dict[str, dict[str, Any]]:
    defaults: dict[str, dict[str, Any]] = {"requests": {}, "limits": {}}
    for limit_range in limit_ranges:
        for limit in limit_range["spec"].get("limits") or []:
            if limit.get("type") == "Container":
                defaults["limits"].update(limit.get("default") or {})
                defaults["requests"].update(limit.get("defaultRequest") or {})
    return defaults


def _parse_quantity(quantity: Any) -> Decimal:
    from kubernetes.utils.quantity import parse_quantity

    value: Decimal = parse_quantity(quantity)
    return value


def _format_quantity(value: Decimal) -> str:
    return f"{value / 2**20:.0f}Mi" if value >= 2**20 else f"{value.normalize():f}"
