# SPDX-License-Identifier: Apache-2.0
"""What the chart promises, asked of its rendered objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

PARTS = ("api", "tiles", "web")


def test_lint(helm, pytestconfig) -> None:
    root = pytestconfig.rootpath
    done = helm(
        "lint", "--strict", str(root / "roles/chart/files/cosmogony"), f"--values={root}/tests/chart/values.yaml"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_object_is_in_the_release_namespace_and_labelled(full) -> None:
    for item in full.objects:
        metadata = item["metadata"]
        assert metadata["namespace"] == "geo", metadata["name"]
        assert metadata["name"] == "cosmogony" or metadata["name"].startswith("cosmogony-")
        assert metadata["labels"]["app.kubernetes.io/part-of"] == "cosmogony", metadata["name"]
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm", metadata["name"]


def test_pods_meet_pod_security_restricted(full) -> None:
    pods = full.pods()
    assert set(pods) >= {f"Deployment/cosmogony-{part}" for part in PARTS} | {
        "Job/cosmogony-database-setup",
        "Pod/cosmogony-verify",
    }
    for name, pod in pods.items():
        assert pod["automountServiceAccountToken"] is False, name
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True and security["runAsUser"] == 10001, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert "hostPath" not in json.dumps(pod["volumes"]), name
        for container in pod["containers"]:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, name
            assert own["readOnlyRootFilesystem"] is True, name
            assert own["capabilities"] == {"drop": ["ALL"]}, name
            assert "hostPort" not in json.dumps(container.get("ports", [])), name
            assert container["resources"]["requests"] and container["resources"]["limits"]["memory"], name


def test_what_is_written_to_is_a_volume(default) -> None:
    mounts = {
        part: {
            mount["mountPath"]
            for mount in default.pods()[f"Deployment/cosmogony-{part}"]["containers"][0]["volumeMounts"]
        }
        for part in PARTS
    }
    assert mounts == {"api": {"/tmp"}, "tiles": {"/tmp"}, "web": {"/tmp", "/var/cache/nginx"}}  # noqa: S108


@pytest.mark.parametrize("part", PARTS)
def test_probes(default, part: str) -> None:
    container = default.pods()[f"Deployment/cosmogony-{part}"]["containers"][0]
    paths = {kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert paths["startup"] == paths["liveness"]
    if part == "web":  # the page works without its backends
        assert paths["readiness"] == "/healthz"
    else:  # ready asks the database, alive does not
        assert paths["readiness"] != paths["liveness"]
    assert container["livenessProbe"]["failureThreshold"] > container["readinessProbe"]["failureThreshold"]


@pytest.mark.parametrize("part", PARTS)
def test_selectors_find_the_pods_of_their_part_only(full, part: str) -> None:
    deployment = full[f"Deployment/cosmogony-{part}"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    selectors = {
        "Deployment": deployment["spec"]["selector"]["matchLabels"],
        "Service": full[f"Service/cosmogony-{part}"]["spec"]["selector"],
        "PodDisruptionBudget": full[f"PodDisruptionBudget/cosmogony-{part}"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": full[f"NetworkPolicy/cosmogony-{part}"]["spec"]["podSelector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        assert selector.items() <= labels.items(), kind
        for other in set(PARTS) - {part}:
            others = full[f"Deployment/cosmogony-{other}"]["spec"]["template"]["metadata"]["labels"]
            assert not selector.items() <= others.items(), f"{kind} also finds {other}"


def test_ports_lead_from_service_to_container(default) -> None:
    expected = {"api": (8000, 8000), "tiles": (3000, 3000), "web": (80, 8080)}
    for part, (service_port, container_port) in expected.items():
        port, *_ = default[f"Service/cosmogony-{part}"]["spec"]["ports"]
        (declared,) = default.pods()[f"Deployment/cosmogony-{part}"]["containers"][0]["ports"]
        assert port["port"] == service_port
        assert port["targetPort"] == declared["name"]
        assert declared["containerPort"] == container_port


def test_credentials_arrive_by_reference(default) -> None:
    for name in ("Deployment/cosmogony-api", "Deployment/cosmogony-tiles", "Job/cosmogony-database-setup"):
        env = {entry["name"]: entry for entry in default.pods()[name]["containers"][0]["env"]}
        assert env["POSTGRES_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
            "name": "cosmogony-postgres",
            "key": "password",
        }
        assert "value" not in env["POSTGRES_PASSWORD"]
    assert default.kinds("Secret") == []
    web = default.pods()["Deployment/cosmogony-web"]["containers"][0]
    assert "secretKeyRef" not in json.dumps(web)


def test_only_the_workflow_account_has_a_token_and_it_may_only_report(default) -> None:
    with_token = [
        account["metadata"]["name"]
        for account in default.kinds("ServiceAccount")
        if account.get("automountServiceAccountToken") is not False
    ]
    assert with_token == ["cosmogony-workflow"]
    (role,) = default.kinds("Role")
    assert role["rules"] == [
        {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    ]
    (binding,) = default.kinds("RoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == ["cosmogony-workflow"]
    assert default.kinds("ClusterRole") == []


def test_settings_are_visible_to_argo_and_complete(default) -> None:
    settings = default["ConfigMap/cosmogony-settings"]
    assert settings["metadata"]["labels"]["workflows.argoproj.io/configmap-type"] == "Parameter"
    data = settings["data"]
    assert all(isinstance(value, str) for value in data.values())
    assert json.loads(data["sources"]) == [
        {"country_code": "li", "url": "https://download.example.org/liechtenstein-latest.osm.pbf"}
    ]
    assert (data["s3-endpoint"], data["s3-secure"], data["postgres-port"]) == ("minio.example.org:9000", "true", "5432")
    assert (data["tiles-max-zoom"], data["releases-keep"], data["languages"]) == ("8", "3", "")
    assert data["sources-as-original"] == "false"


def test_the_original_zones_are_a_setting_of_true_or_false(render) -> None:
    settings = render({"data": {"sourcesAsOriginal": True}})["ConfigMap/cosmogony-settings"]
    assert settings["data"]["sources-as-original"] == "true"
    with pytest.raises(AssertionError, match="sourcesAsOriginal"):
        render({"data": {"sourcesAsOriginal": "perhaps"}})


def test_limits_of_the_gate(default, render) -> None:
    data = default["ConfigMap/cosmogony-settings"]["data"]
    limits = {key.removeprefix("gate-"): value for key, value in data.items() if key.startswith("gate-")}
    assert limits == {
        "max-loss-percent": "5",
        "max-loss-zones": "10",
        "max-turned-ko": "0",
        "max-outside": "1%",
        "outside-tolerance": "1",
        "incomplete": "block",
    }
    for given, told in ((20, "20"), ("0.5%", "0.5%"), ("7", "7"), (0, "0")):
        changed = render({"data": {"gate": {"maxOutside": given}}})
        assert changed["ConfigMap/cosmogony-settings"]["data"]["gate-max-outside"] == told


def environment(patch: dict[str, Any]) -> dict[str, str]:
    """What the patch of a pod gives the step."""
    (main,) = (container for container in patch["containers"] if container["name"] == "main")
    return {entry["name"]: entry["value"] for entry in main["env"]}


def test_pod_patches_of_the_steps(render) -> None:
    extract = {"resources": {"requests": {"cpu": "3", "memory": "9Gi"}, "limits": {"memory": "10Gi"}}}
    data = render({"steps": {"extract": extract}})["ConfigMap/cosmogony-settings"]["data"]
    patches = {key: json.loads(value) for key, value in data.items() if key.startswith("pod-")}
    assert set(patches) == {
        f"pod-{step}"
        for step in ("plan", "fetch", "extract", "merge", "load", "stats", "tiles", "trex", "manage", "switch")
    }
    for patch in patches.values():
        by_name = {container["name"]: container for container in patch["containers"] + patch["initContainers"]}
        resources = by_name["main"]["resources"]
        assert resources["limits"]["memory"] and resources["requests"]["cpu"]
        sizes = [volume["emptyDir"]["sizeLimit"] for volume in patch["volumes"]]
        assert [resources["requests"]["ephemeral-storage"]] == sizes
        assert environment(patch) == {"SCRATCH_SIZE": sizes[0], "STALL_SECONDS": "900"}, "the step knows its limits"
        for argos in ("init", "wait"):
            assert by_name[argos]["securityContext"]["allowPrivilegeEscalation"] is False
            assert by_name[argos]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    main = next(c for c in patches["pod-extract"]["containers"] if c["name"] == "main")
    requests = {"cpu": "3", "memory": "9Gi", "ephemeral-storage": "from-plan"}
    assert main["resources"] == {"requests": requests, "limits": {"memory": "10Gi"}}
    assert patches["pod-extract"]["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "from-plan"}}]


def test_time_limits_of_the_steps(default, render) -> None:
    def limits(manifests) -> dict[str, str]:
        data = manifests["ConfigMap/cosmogony-settings"]["data"]
        return {key: value for key, value in data.items() if key.startswith("deadline-")}

    steps = ("plan", "fetch", "extract", "merge", "load", "stats", "tiles", "manage")
    assert set(limits(default)) == {f"deadline-{step}" for step in steps}
    assert all(int(value) > 0 for value in limits(default).values())
    # a number of six digits stays one: YAML's 1e+06 is none to Kubernetes
    changed = limits(render({"steps": {"extract": {"deadline": 1_000_000}}}))
    assert changed == {**limits(default), "deadline-extract": "1000000"}


def test_time_without_progress_of_the_steps(render) -> None:
    """Also of the steps that work on the cache of t-rex, whose patch is another one."""
    trex = {"engine": "trex", "trex": {"image": "r.example.org/t-rex:1"}}
    for values in ({}, {"tiles": trex}):
        steps = {"extract": {"stall": 1_000_000}, "manage": {"stall": 0}}
        data = render({"steps": steps, **values})["ConfigMap/cosmogony-settings"]["data"]
        limits = {
            key.removeprefix("pod-"): environment(json.loads(value))["STALL_SECONDS"]
            for key, value in data.items()
            if key.startswith("pod-")
        }
        assert (limits.pop("extract"), limits.pop("manage"), limits.pop("switch")) == ("1000000", "0", "0")
        assert set(limits.values()) == {"900"}


def test_a_site_may_ask_for_less_disk_than_it_allows(render) -> None:
    resources = {"requests": {"ephemeral-storage": "1Gi"}}
    data = render({"steps": {"merge": {"resources": resources, "scratch": "50Gi"}}})["ConfigMap/cosmogony-settings"][
        "data"
    ]
    patch = json.loads(data["pod-merge"])
    (main,) = (c for c in patch["containers"] if c["name"] == "main")
    assert main["resources"]["requests"]["ephemeral-storage"] == "1Gi"
    assert patch["volumes"][0]["emptyDir"]["sizeLimit"] == "50Gi"


def test_a_volume_with_sources_is_mounted_where_they_are_read(default, render) -> None:
    data = render({"data": {"sourceVolume": {"existingClaim": "extracts"}}})["ConfigMap/cosmogony-settings"]["data"]
    patches = {key: json.loads(value) for key, value in data.items() if key.startswith("pod-")}
    for step, patch in patches.items():
        (main,) = (c for c in patch["containers"] if c["name"] == "main")
        if step in ("pod-plan", "pod-fetch"):
            assert main["volumeMounts"] == [{"name": "sources", "mountPath": "/sources", "readOnly": True}]
            claim = {"claimName": "extracts", "readOnly": True}
            assert patch["volumes"][1] == {"name": "sources", "persistentVolumeClaim": claim}
        else:
            assert patch == json.loads(default["ConfigMap/cosmogony-settings"]["data"][step])
        assert patch["volumes"][0]["name"] == "tmp"  # the steps look there for the size of it


def test_a_new_secret_replaces_the_pods_that_read_it_and_no_other(default, render) -> None:
    changed = render({"database": {"secretRevision": "4711"}})
    differ = [
        part for part in PARTS if default[f"Deployment/cosmogony-{part}"] != changed[f"Deployment/cosmogony-{part}"]
    ]
    assert differ == ["api", "tiles"]


def test_the_map_names_openstreetmap_unless_something_else_is_set(default, render) -> None:
    def told(rendered) -> list[dict[str, str]]:
        env = rendered.pods()["Deployment/cosmogony-api"]["containers"][0]["env"]
        return json.loads(next(entry["value"] for entry in env if entry["name"] == "ATTRIBUTION"))

    url = "https://www.openstreetmap.org/copyright"
    assert told(default) == [{"text": "© OpenStreetMap contributors (ODbL)", "url": url}]
    credits = [{"text": 'A & "B" <é>\\', "url": "https://a.example/?x=1&y=2"}, {"text": "C"}]
    assert told(render({"attribution": credits})) == credits


def test_new_sources_replace_no_pod(default, render) -> None:
    changed = render({"data": {"sources": [{"url": "https://download.example.org/other.osm.pbf"}]}})
    assert default.kinds("Deployment") == changed.kinds("Deployment")


def test_autoscaling_replaces_replicas(default, full) -> None:
    assert default.kinds("HorizontalPodAutoscaler") == []
    for part in PARTS:
        assert default[f"Deployment/cosmogony-{part}"]["spec"]["replicas"] == 2
        assert "replicas" not in full[f"Deployment/cosmogony-{part}"]["spec"]
        scaler = full[f"HorizontalPodAutoscaler/cosmogony-{part}"]["spec"]
        assert scaler["scaleTargetRef"]["name"] == f"cosmogony-{part}"
        assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 4)


def test_ingress_and_route_are_plain_prefixes(default, full) -> None:
    assert default.kinds("Ingress") == default.kinds("HTTPRoute") == []
    (rule,) = full["Ingress/cosmogony"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert path["backend"]["service"] == {"name": "cosmogony-web", "port": {"name": "http"}}
    assert "annotations" not in full["Ingress/cosmogony"]["metadata"]
    (route,) = full["HTTPRoute/cosmogony"]["spec"]["rules"]
    assert route["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert route["backendRefs"] == [{"name": "cosmogony-web", "port": 80}]


def test_pull_secrets_are_with_every_account_and_hook(full) -> None:
    for account in full.kinds("ServiceAccount"):
        assert account["imagePullSecrets"] == [{"name": "registry"}], account["metadata"]["name"]
    for name in ("Job/cosmogony-database-setup", "Pod/cosmogony-verify"):
        assert full.pods()[name]["imagePullSecrets"] == [{"name": "registry"}]


def test_only_nginx_is_reached_from_outside(default) -> None:
    web = default["NetworkPolicy/cosmogony-web"]["spec"]
    assert all("from" not in rule for rule in web["ingress"])
    for part in ("api", "tiles"):
        (rule,) = default[f"NetworkPolicy/cosmogony-{part}"]["spec"]["ingress"]
        (peer,) = rule["from"]
        assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "web"
    workflow = default["NetworkPolicy/cosmogony-workflow"]["spec"]
    assert workflow["policyTypes"] == ["Ingress"] and "ingress" not in workflow


def test_cluster_ip(default, render) -> None:
    assert "clusterIP" not in default["Service/cosmogony-web"]["spec"]
    fixed = render({"web": {"service": {"clusterIP": "10.96.0.30"}}})
    assert fixed["Service/cosmogony-web"]["spec"]["clusterIP"] == "10.96.0.30"
    assert "clusterIP" not in fixed["Service/cosmogony-api"]["spec"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_can_be_left_out(render, part: str) -> None:
    left = render({part: {"enabled": False}})
    named = [o for o in left.objects if o["metadata"]["name"] == f"cosmogony-{part}"]
    assert named == []


@pytest.mark.parametrize(("size", "nginx"), [("1Gi", "1g"), ("512Mi", "512m")])
def test_cache_size_in_the_words_of_nginx(render, size: str, nginx: str) -> None:
    pod = render({"web": {"cacheSize": size}}).pods()["Deployment/cosmogony-web"]
    assert {"name": "TILE_CACHE_SIZE", "value": nginx} in pod["containers"][0]["env"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"images": {"api": "registry.example.org/api:latest"}}, "/images/api"),
        ({"images": {"api": "registry.example.org:5000/api"}}, "/images/api"),
        ({"images": {"api": ""}}, "/images/api"),
        ({"storage": {"endpoint": "http://minio:9000"}}, "/storage/endpoint"),
        ({"storage": {"bucket": "ab"}}, "/storage/bucket"),
        ({"storage": {"accessKey": "x"}}, "accessKey"),
        ({"database": {"password": "x"}}, "password"),
        ({"database": {"sslmode": "on"}}, "/database/sslmode"),
        ({"database": {"port": "5432"}}, "/database/port"),
        ({"data": {"tilesMaxStoredZoom": 15}}, "/data/tilesMaxStoredZoom"),
        ({"data": {"sources": [{"uri": "https://x/y.osm.pbf"}]}}, "/data/sources/0"),
        ({"data": {"sources": [{"url": "ftp://x/y.osm.pbf"}]}}, "/data/sources/0/url"),
        ({"data": {"releasesKeep": 0}}, "/data/releasesKeep"),
        ({"data": {"sourceStorage": {"endpoint": "https://s3.example.org"}}}, "/data/sourceStorage/endpoint"),
        ({"data": {"sourceStorage": {"existingSecret": "extracts"}}}, "/data/sourceStorage"),
        ({"data": {"sourceStorage": {"secretKey": "x"}}}, "secretKey"),
        ({"data": {"sourceVolume": {"existingClaim": "Not_A_Name"}}}, "/data/sourceVolume/existingClaim"),
        ({"steps": {"load": {"scratch": "from-plan"}}}, "/steps/load/scratch"),
        ({"steps": {"load": {"deadline": "1h"}}}, "/steps/load/deadline"),
        ({"steps": {"merge": {"deadline": 0}}}, "/steps/merge/deadline"),
        ({"steps": {"merge": {"stall": "15m"}}}, "/steps/merge/stall"),
        ({"steps": {"plan": {"stall": -1}}}, "/steps/plan/stall"),
        ({"data": {"gate": {"maxOutside": "1.5"}}}, "/data/gate/maxOutside"),
        ({"data": {"gate": {"maxOutside": "101%"}}}, "/data/gate/maxOutside"),
        ({"data": {"gate": {"incomplete": "maybe"}}}, "/data/gate/incomplete"),
        ({"data": {"report": {"webhookSecret": "https://x"}}}, "/data/report/webhookSecret"),
        ({"data": {"report": {"url": "https://x"}}}, "url"),
        ({"attribution": []}, "/attribution"),
        ({"attribution": [{"url": "https://a.example"}]}, "/attribution/0"),
        ({"attribution": [{"text": " "}]}, "/attribution/0/text"),
        ({"attribution": [{"text": "A", "url": "javascript:alert(1)"}]}, "/attribution/0/url"),
        ({"attribution": [{"text": "A", "href": "https://a.example"}]}, "href"),
        ({"api": {"replica": 3}}, "replica"),
        ({"ingress": {"enabled": True}}, "/ingress/hosts"),
        ({"gateway": {"enabled": True}}, "/gateway/parentRefs"),
        ({"webb": {}}, "webb"),
    ],
)
def test_the_schema_refuses_and_names(render, values: dict[str, Any], named: str) -> None:
    with pytest.raises(AssertionError) as refused:
        render(values)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    "image", ["127.0.0.1:5000/cosmogony/api:0a1b", "api:1.2", "r.example.org/api@sha256:" + "0" * 64]
)
def test_exact_references_are_taken(render, image: str) -> None:
    assert render({"images": {"api": image}}).pods()["Deployment/cosmogony-api"]["containers"][0]["image"] == image
