# SPDX-License-Identifier: Apache-2.0
"""What the chart promises, asked of its rendered objects."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.filter.image_parts import split_image_reference
from checkout import CHECKOUT, DATA

PARTS = ("api", "tiles", "web")


def test_lint(helm) -> None:
    done = helm("lint", "--strict", str(CHECKOUT / "roles/chart/files/cosmogony"), f"--values={DATA}/chart_values.yaml")
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
        declared, *_ = default.pods()[f"Deployment/cosmogony-{part}"]["containers"][0]["ports"]
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


def test_no_account_has_a_token(default) -> None:
    accounts = default.kinds("ServiceAccount")
    assert accounts and all(account["automountServiceAccountToken"] is False for account in accounts)
    assert default.kinds("Role") == default.kinds("ClusterRole") == default.kinds("RoleBinding") == []


def test_a_new_secret_replaces_the_pods_that_read_it_and_no_other(default, render) -> None:
    changed = render({"database": {"secretRevision": "4711"}})
    differ = [
        part for part in PARTS if default[f"Deployment/cosmogony-{part}"] != changed[f"Deployment/cosmogony-{part}"]
    ]
    assert differ == ["api", "tiles"]


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


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://maps.example", ""),
        ("https://maps.example/", ""),
        ("https://maps.example/maps", "/maps"),
        ("https://maps.example:8443/a/b/", "/a/b"),
    ],
)
def test_the_path_of_the_address_is_where_the_site_is_served(render, url: str, path: str) -> None:
    rendered = render(
        {
            "siteUrl": url,
            "ingress": {"enabled": True, "hosts": ["maps.example"]},
            "gateway": {"enabled": True, "parentRefs": [{"name": "gateway"}]},
        }
    )
    (ingress,) = rendered["Ingress/cosmogony"]["spec"]["rules"][0]["http"]["paths"]
    assert ingress["path"] == (path or "/")
    (route,) = rendered["HTTPRoute/cosmogony"]["spec"]["rules"]
    assert route["matches"] == [{"path": {"type": "PathPrefix", "value": path or "/"}}]
    (container,) = rendered["Deployment/cosmogony-web"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "BASE_PATH", "value": path} in container["env"]


def test_pull_secrets_are_with_every_pod(full) -> None:
    for name, pod in full.pods().items():
        assert pod["imagePullSecrets"] == [{"name": "registry"}], name


def test_only_nginx_is_reached_from_outside(default) -> None:
    web = default["NetworkPolicy/cosmogony-web"]["spec"]
    assert all("from" not in rule for rule in web["ingress"])
    for part in ("api", "tiles"):
        rule, *others = default[f"NetworkPolicy/cosmogony-{part}"]["spec"]["ingress"]
        assert {port["port"] for other in others for port in other["ports"]} <= {"metrics"}
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
        ({"images": {"api": {"tag": "latest"}}}, "/images/api"),
        ({"images": {"api": {"tag": ""}}}, "/images/api"),
        ({"images": {"api": {"repository": "registry.example.org/api:1"}}}, "/images/api"),
        ({"images": {"api": {"repository": ""}}}, "/images/api"),
        ({"images": {"api": {"digest": "sha256:0"}}}, "/images/api"),
        ({"pods": {"runAsUser": -1}}, "/pods/runAsUser"),
        ({"pods": {"volumes": [{"emptyDir": {}}]}}, "/pods/volumes"),
        ({"database": {"password": "x"}}, "password"),
        ({"database": {"sslmode": "on"}}, "/database/sslmode"),
        ({"database": {"port": "5432"}}, "/database/port"),
        ({"api": {"replica": 3}}, "replica"),
        ({"ingress": {"enabled": True}}, "/ingress/hosts"),
        ({"gateway": {"enabled": True}}, "/gateway/parentRefs"),
        ({"webb": {}}, "webb"),
        ({"storage": {"endpoint": "minio:9000"}}, "storage"),
    ],
)
def test_the_schema_refuses_and_names(render, values: dict[str, Any], named: str) -> None:
    with pytest.raises(AssertionError) as refused:
        render(values)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    "image",
    [
        "127.0.0.1:5000/cosmogony/api:0a1b",
        "api:1.2",
        "r.example.org/api@sha256:" + "0" * 64,
        "r.example.org:5000/geo/api:1.2@sha256:" + "0" * 64,
    ],
)
def test_exact_references_are_taken(render, image: str) -> None:
    rendered = render({"images": {"api": split_image_reference(image)}})
    assert rendered.pods()["Deployment/cosmogony-api"]["containers"][0]["image"] == image


def test_other_names(render) -> None:
    """All that refers to an object by its name follows the name."""
    values = {
        "nameOverride": "zones",
        "fullnameOverride": "geo-zones",
        "tiles": {"engine": "trex", "trex": {"image": "r.example.org/trex:1"}},
        "ingress": {"enabled": True, "hosts": ["maps.example"]},
        "gateway": {"enabled": True, "parentRefs": [{"name": "gateway"}]},
        **{part: {"autoscaling": {"enabled": True}} for part in ("api", "web")},
    }
    renamed = render(values)
    assert {item["metadata"]["labels"]["app.kubernetes.io/name"] for item in renamed.objects} == {"zones"}
    # The Secrets belong to the site.
    text = re.sub(r"name: cosmogony-(trex|postgres)\n +key: ", "", renamed.text)
    text = "\n".join(line for line in text.splitlines() if "# " not in line)
    assert not re.findall(r"cosmogony-(?:api|tiles|web|trex|verify|workflow|database)\b", text)
    (path,) = renamed["Ingress/geo-zones"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == "geo-zones-web"
    (container,) = renamed.pods()["Deployment/geo-zones-web"]["containers"]
    env = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert (env["API_UPSTREAM"], env["TILES_UPSTREAM"]) == ("geo-zones-api:8000", "geo-zones-tiles:6767")


POD = {
    "runAsUser": 1000660000,
    "env": {"HTTPS_PROXY": "http://proxy:3128", "LEVEL": "all"},
    "envSecrets": ["extra"],
    "volumes": [{"name": "extra", "emptyDir": {}}],
    "volumeMounts": [{"name": "extra", "mountPath": "/extra"}],
    "labels": {"team": "geo"},
    "annotations": {"note": "1"},
    "nodeSelector": {"disk": "ssd", "pool": "all"},
    "tolerations": [{"key": "geo", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
}


def test_what_all_pods_share_reaches_every_pod(render) -> None:
    shared = render({"pods": POD})
    assert len(shared.pods()) == 5
    for name, pod in shared.pods().items():
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == 1000660000, name
        assert pod["nodeSelector"] == POD["nodeSelector"], name
        assert pod["tolerations"] == POD["tolerations"], name
        assert pod["priorityClassName"] == "high", name
        assert "nodeAffinity" in pod["affinity"], name
        if name == "Pod/cosmogony-verify":  # gets an address and no environment
            continue
        (container,) = pod["containers"]
        assert {"name": "HTTPS_PROXY", "value": "http://proxy:3128"} in container["env"], name
        assert container["envFrom"] == [{"secretRef": {"name": "extra"}}], name
        assert POD["volumes"][0] in pod["volumes"] and POD["volumeMounts"][0] in container["volumeMounts"], name
    template = shared["Deployment/cosmogony-web"]["spec"]["template"]["metadata"]
    assert (template["labels"]["team"], template["annotations"]["note"]) == ("geo", "1")


def test_values_of_a_component_win_over_those_of_all(render) -> None:
    own = {"nodeSelector": {"pool": "api"}, "env": {"LEVEL": "own"}, "priorityClassName": "low"}
    pod = render({"pods": POD, "api": own}).pods()["Deployment/cosmogony-api"]
    assert pod["nodeSelector"] == {"disk": "ssd", "pool": "api"}
    assert pod["priorityClassName"] == "low"
    assert [entry["value"] for entry in pod["containers"][0]["env"] if entry["name"] == "LEVEL"] == ["own"]


def test_the_cluster_may_choose_the_user(render) -> None:
    for name, pod in render({"pods": {"runAsUser": 0}}).pods().items():
        assert {"runAsUser", "runAsGroup", "fsGroup"}.isdisjoint(pod["securityContext"]), name
        assert pod["securityContext"]["runAsNonRoot"] is True, name


def test_accounts_of_the_site(render) -> None:
    made = render({"serviceAccount": {"create": False, "name": "geo"}})
    assert made.kinds("ServiceAccount") == []
    assert {made.pods()[f"Deployment/cosmogony-{part}"]["serviceAccountName"] for part in PARTS} == {"geo"}
    annotated = render({"serviceAccount": {"annotations": {"role": "geo"}}})
    assert all(account["metadata"]["annotations"] == {"role": "geo"} for account in annotated.kinds("ServiceAccount"))


@pytest.mark.parametrize(("sslmode", "verifies"), [("verify-full", True), ("prefer", False)])
def test_every_pod_trusts_the_cas_of_the_site(render, sslmode: str, verifies: bool) -> None:
    bundle = {"configMap": "cosmogony-ca", "key": "ca.crt", "revision": "0123"}
    for engine in ({"engine": "martin"}, {"engine": "trex", "trex": {"image": "registry.example.org/t-rex:0.14.2"}}):
        pods = render({"caBundle": bundle, "database": {"sslmode": sslmode}, "tiles": engine}).pods()
        for name in ("Deployment/cosmogony-api", "Deployment/cosmogony-tiles", "Job/cosmogony-database-setup"):
            container = pods[name]["containers"][0]
            env = {each["name"]: each.get("value") for each in container["env"]}
            assert env["CA_BUNDLE"] == "/etc/cosmogony-ca/ca.crt", name
            assert (env.get("PGSSLROOTCERT") == env["CA_BUNDLE"]) is verifies, name
            mount = {"name": "ca", "mountPath": "/etc/cosmogony-ca", "readOnly": True}
            assert mount in container["volumeMounts"], name
            assert {"name": "ca", "configMap": {"name": "cosmogony-ca"}} in pods[name]["volumes"], name
