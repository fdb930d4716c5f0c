# SPDX-License-Identifier: Apache-2.0
"""What ResourceQuotas refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.filter.quota_conflicts import quota_conflicts


def deployment(name: str, resources: dict[str, Any], replicas: int = 1) -> dict[str, Any]:
    pod = {"containers": [{"name": "main", "resources": resources}]}
    return {
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "template": {"spec": pod}},
    }


def quota(used: dict[str, str] | None = None, **hard: str) -> dict[str, Any]:
    names = {name.replace("_", "."): value for name, value in hard.items()}
    return {"metadata": {"name": "compute"}, "spec": {"hard": names}, "status": {"used": used or {}}}


NO_CPU_LIMIT = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def test_a_container_lacks_what_a_quota_wants() -> None:
    template = {"name": "load", "container": {"resources": NO_CPU_LIMIT}}
    workflow = {"kind": "WorkflowTemplate", "metadata": {"name": "load"}, "spec": {"templates": [template]}}
    config = {"kind": "ConfigMap", "metadata": {"name": "settings"}}
    found = quota_conflicts([deployment("api", NO_CPU_LIMIT), workflow, config], [quota(limits_cpu="16")], [])
    assert found == [
        "ResourceQuota compute wants limits.cpu of every container,"
        " Deployment/api (main), WorkflowTemplate/load (load) lack it"
    ]


@pytest.mark.parametrize("default", [{"default": {"cpu": "1"}}, {"default": {"cpu": "1"}, "defaultRequest": {}}])
def test_defaults_of_a_limit_range_count(default: dict[str, Any]) -> None:
    limit_range = {"spec": {"limits": [{"type": "Container", **default}, {"type": "Pod", "max": {"cpu": "2"}}]}}
    assert quota_conflicts([deployment("api", NO_CPU_LIMIT)], [quota(limits_cpu="16")], [limit_range]) == []


def test_a_limit_is_a_request_as_well() -> None:
    assert quota_conflicts([deployment("api", {"limits": {"cpu": "1"}})], [quota(requests_cpu="2")], []) == []


def test_there_is_no_room() -> None:
    manifests = [deployment("api", NO_CPU_LIMIT, 2), deployment("web", NO_CPU_LIMIT, 3)]
    full = quota({"requests.memory": "700Mi", "cpu": "0"}, requests_memory="1Gi", cpu="200m")
    assert quota_conflicts(manifests, [full], [], installed=True) == []
    assert quota_conflicts(manifests, [quota(requests_memory="320Mi", cpu="250m")], []) == []
    roomless = quota_conflicts(manifests, [full], [])
    assert roomless == [
        "ResourceQuota compute allows 200m of cpu and 0 are in use, the pods need 0.25 more"
    ]  # 320Mi of the 324Mi that are left


def test_other_quotas_say_nothing() -> None:
    scoped = quota(limits_cpu="1")
    scoped["spec"]["scopes"] = ["BestEffort"]
    assert quota_conflicts([deployment("api", {})], [scoped, quota(pods="1")], []) == []
