# SPDX-License-Identifier: Apache-2.0
"""Module cluster_info: what it makes of the objects of a cluster."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._cluster_info import (
    Cluster,
    is_watching,
    parse_argo_version,
    parse_instance_id,
    select_workflow_controllers,
)
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import ApiError
from kubernetes import client


def deployment(*, image="quay.io/argoproj/workflow-controller:v3.7.14", args=(), name="workflow-controller", **labels):
    container = client.V1Container(name=name, image=image, command=[name], args=list(args))
    meta = client.V1ObjectMeta(labels=labels)
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(namespace="argo", name=name, labels={}),
        spec=client.V1DeploymentSpec(
            selector=client.V1LabelSelector(),
            template=client.V1PodTemplateSpec(metadata=meta, spec=client.V1PodSpec(containers=[container])),
        ),
        status=client.V1DeploymentStatus(ready_replicas=1),
    )


def test_controllers_are_told_from_other_deployments():
    found = select_workflow_controllers([deployment(), deployment(name="argo-server")])
    assert found == [
        {
            "namespace": "argo",
            "name": "workflow-controller",
            "image": "quay.io/argoproj/workflow-controller:v3.7.14",
            "version": "3.7.14",
            "namespaced": False,
            "managed_namespace": None,
            "config": "workflow-controller-configmap",
            "ready": True,
        }
    ]


@pytest.mark.parametrize(
    ("image", "labels", "version"),
    [
        ("a/b:v3.7.14", {}, "3.7.14"),
        ("a/b:3.6", {}, "3.6"),
        ("a/b:v4.0.0-rc1", {}, "4.0.0"),
        ("registry:5000/b", {}, None),
        ("registry:5000/b:fc631a27293bc2f9", {}, None),
        ("a/b@sha256:00", {"app.kubernetes.io/version": "v3.6.2"}, "3.6.2"),
        ("a/b:v3.7.1@sha256:00", {}, "3.7.1"),
        (None, {}, None),
    ],
)
def test_versions(image, labels, version):
    assert parse_argo_version(image, labels) == version


@pytest.mark.parametrize(
    ("args", "namespace", "expected"),
    [
        ([], "anything", True),
        (["--namespaced"], "argo", True),
        (["--namespaced"], "cosmogony", False),
        (["--namespaced", "--managed-namespace=cosmogony"], "cosmogony", True),
        (["--namespaced", "--managed-namespace", "cosmogony"], "cosmogony", True),
        (["--namespaced", "--managed-namespace", "cosmogony"], "argo", False),
    ],
)
def test_which_namespaces_a_controller_looks_after(args, namespace, expected):
    assert is_watching(select_workflow_controllers([deployment(args=args)])[0], namespace) is expected


def test_another_configmap_of_the_controller_is_found():
    (found,) = select_workflow_controllers([deployment(args=["--configmap", "blue-config"])])
    assert found["config"] == "blue-config"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, ""),
        ({"instanceID": "blue"}, "blue"),
        ({"instanceID": "blue\n"}, "blue"),
        ({"config": "instanceID: blue\nparallelism: 4\n"}, "blue"),
        ({"config": "parallelism: 4"}, ""),
        ({"config": ""}, ""),
        ({"config": "{"}, ""),
    ],
)
def test_instance_id_of_a_controller(data, expected):
    assert parse_instance_id(data) == expected


def test_a_cluster_that_is_away_is_named():
    configuration = client.Configuration(host="https://127.0.0.1:1")
    configuration.retries = False
    cluster = Cluster(client.ApiClient(configuration), "cosmogony")
    expected = r"version: the Kubernetes API does not answer \(Connection refused\)"
    with pytest.raises(ApiError, match=expected):
        cluster.read_version()
