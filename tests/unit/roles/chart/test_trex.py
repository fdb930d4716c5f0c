# SPDX-License-Identifier: Apache-2.0
"""t-rex as tile server: what the chart renders for it."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from checkout import CHECKOUT

WEB = CHECKOUT / "images/web"
IMAGE = "registry.example.org/cosmogony/trex:0.14.3"
CACHE = "/tmp/mvtcache"  # noqa: S108  where the original has it


def trex_values(**more: Any) -> dict[str, Any]:
    return {"tiles": {"engine": "trex", "trex": {"image": IMAGE, **more}}}


@pytest.fixture(scope="module")
def trex(render):
    return render(trex_values())


def pod(rendered) -> dict[str, Any]:
    return rendered.pods()["Deployment/cosmogony-tiles"]


def test_without_it_nothing_of_it_is_there(default) -> None:
    assert default.kinds("PersistentVolumeClaim") == []
    assert [o for o in default.objects if o["metadata"]["name"] == "cosmogony-trex"] == []
    assert "trex" not in json.dumps(pod(default))


def test_it_takes_the_place_of_martin(trex) -> None:
    (container,) = pod(trex)["containers"]
    assert container["image"] == IMAGE
    assert container["command"] == ["/usr/bin/t_rex"], "the original's entrypoint takes no arguments"
    assert container["args"] == ["serve", "-c", "/etc/trex/config_server.toml"]
    assert container["ports"] == [{"name": "trex", "containerPort": 6767}]
    for probe in ("startup", "readiness", "liveness"):
        assert container[f"{probe}Probe"]["httpGet"] == {"path": "/index.json", "port": "trex"}


def test_the_engine_changes_pod_by_pod(trex, default) -> None:
    """One Deployment and one Service, so that Kubernetes lets an old pod go only when a new one is ready.

    The selectors are those of earlier versions, whose pods of Martin have a port http, and those of t-rex 6767.
    """
    for rendered, engine in ((default, "martin"), (trex, "trex")):
        spec = rendered["Deployment/cosmogony-tiles"]["spec"]
        selector = {
            "app.kubernetes.io/name": "cosmogony",
            "app.kubernetes.io/instance": "cosmogony",
            "app.kubernetes.io/component": "tiles",
        }
        assert spec["selector"]["matchLabels"] == rendered["Service/cosmogony-tiles"]["spec"]["selector"] == selector
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert spec["template"]["metadata"]["labels"]["cosmogony.stack/tiles-engine"] == engine
        ports = rendered["Service/cosmogony-tiles"]["spec"]["ports"]
        assert {port["port"]: port["targetPort"] for port in ports} == {3000: "http", 6767: 6767}
        (rule,) = rendered["NetworkPolicy/cosmogony-tiles"]["spec"]["ingress"]
        assert [port["port"] for port in rule["ports"]] == ["http", 6767]
    (martin,), (other,) = pod(default)["containers"], pod(trex)["containers"]
    assert martin["ports"] == [{"name": "http", "containerPort": 3000}]
    assert "http" not in {port["name"] for port in other["ports"]}, "else 3000 would lead to t-rex"


def test_nginx_wants_the_engine_and_finds_the_other(trex, default) -> None:
    def env(rendered) -> list[str]:
        (container,) = rendered.pods()["Deployment/cosmogony-web"]["containers"]
        values = {entry["name"]: entry["value"] for entry in container["env"]}
        return [values[name] for name in ("TILES_ENGINE", "TILES_UPSTREAM", "TILES_FALLBACK_UPSTREAM")]

    assert env(default) == ["martin", "cosmogony-tiles:3000", "cosmogony-tiles:6767"]
    assert env(trex) == ["trex", "cosmogony-tiles:6767", "cosmogony-tiles:3000"]


def test_pods_end_what_they_answer(trex) -> None:
    """nginx waits 60 seconds for a tile; t-rex drops on SIGTERM what it has not answered."""
    waits = (WEB / "nginx/conf/proxy.conf").read_text()
    assert "proxy_read_timeout 60s;" in waits
    (container,) = pod(trex)["containers"]
    longest = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert (longest, pod(trex)["terminationGracePeriodSeconds"]) == (60, 70)
    web = trex.pods()["Deployment/cosmogony-web"]
    assert web["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"] + 60 < web["terminationGracePeriodSeconds"]


def test_the_claim_outlasts_the_engine(trex) -> None:
    annotations = trex["PersistentVolumeClaim/cosmogony-trex"]["metadata"]["annotations"]
    assert annotations == {"helm.sh/resource-policy": "keep"}


def test_configuration(trex) -> None:
    """What stands in it is asked in images/importer/tests/test_trex.py; here, what the chart fills in."""
    files = trex["ConfigMap/cosmogony-trex"]["data"]
    server, generate = tomllib.loads(files["config_server.toml"]), tomllib.loads(files["config_generate.toml"])
    assert server["cache"]["file"]["base"] == CACHE
    assert server["webserver"]["port"] == 6767
    queries = [query["sql"] for query in server["tileset"][0]["layer"][0]["query"]]
    assert len(queries) == 2 and all("FROM public.zones" in " ".join(sql.split()) for sql in queries)
    assert "@" not in files["config_server.toml"].replace("@ZONES@ and @CACHE@", "").split("[service", 1)[1]
    assert generate["cache"]["file"]["base"] == "@CACHE@"
    assert all("FROM @ZONES@" in query["sql"] for query in generate["tileset"][0]["layer"][0]["query"])
    for both in (server, generate):
        both.pop("cache")
        for query in both["tileset"][0]["layer"][0]["query"]:
            query.pop("sql")
    assert server == generate


def test_the_address_of_the_database_is_in_a_secret_only(trex, render) -> None:
    (container,) = pod(trex)["containers"]
    (address,) = (entry for entry in container["env"] if entry["name"] == "TREX_DATASOURCE_URL")
    assert address["valueFrom"] == {"secretKeyRef": {"name": "cosmogony-trex", "key": "url"}}
    assert "POSTGRES_PASSWORD" not in json.dumps(container)
    assert trex.kinds("Secret") == []
    assert "postgres" not in trex["ConfigMap/cosmogony-trex"]["data"]["config_server.toml"]
    (other,) = pod(render(trex_values(existingSecret="mine")))["containers"]
    assert {"secretKeyRef": {"name": "mine", "key": "url"}} in [entry["valueFrom"] for entry in other["env"]]


def test_the_cache_is_mounted_whole_and_can_be_written(trex) -> None:
    made = pod(trex)
    for container in (*made["initContainers"], *made["containers"]):
        (mount,) = (mount for mount in container["volumeMounts"] if mount["name"] == "trex-cache")
        assert mount == {"name": "trex-cache", "mountPath": CACHE}, "neither subPath nor read-only"
    (volume,) = (volume for volume in made["volumes"] if volume["name"] == "trex-cache")
    assert volume["persistentVolumeClaim"] == {"claimName": "cosmogony-trex"}
    claim = trex["PersistentVolumeClaim/cosmogony-trex"]["spec"]
    assert claim == {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}


def test_a_claim_of_the_site(render) -> None:
    rendered = render(trex_values(cacheVolume={"existingClaim": "theirs"}))
    assert rendered.kinds("PersistentVolumeClaim") == []
    assert '"claimName": "theirs"' in json.dumps(pod(rendered)["volumes"])


def test_a_volume_of_one_node_keeps_its_pods_together(trex, render) -> None:
    assert "affinity" not in pod(trex)
    rendered = render(
        {
            "tiles": {
                "engine": "trex",
                "trex": {"image": IMAGE, "cacheVolume": {"accessMode": "ReadWriteOnce", "storageClass": "fast"}},
                "affinity": {"nodeAffinity": {"mine": 1}},
            }
        }
    )
    claim = rendered["PersistentVolumeClaim/cosmogony-trex"]["spec"]
    assert (claim["accessModes"], claim["storageClassName"]) == (["ReadWriteOnce"], "fast")
    affinity = pod(rendered)["affinity"]
    assert affinity["nodeAffinity"] == {"mine": 1}
    (term,) = affinity["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    labels = rendered["Deployment/cosmogony-tiles"]["spec"]["template"]["metadata"]["labels"]
    assert term["labelSelector"]["matchLabels"].items() <= labels.items()
    assert term["labelSelector"]["matchExpressions"] == [
        {"key": "cosmogony.stack/tiles-engine", "operator": "NotIn", "values": ["martin"]}
    ], "the pods of Martin may be on any node"


def test_before_it_starts_the_link_is_made(trex) -> None:
    (link,) = pod(trex)["initContainers"]
    assert link["image"].startswith("registry.example.org/cosmogony/importer:")
    assert (link["command"], link["args"]) == (["python", "import.py"], ["tile_link"])
    env = {entry["name"]: entry for entry in link["env"]}
    assert env["TREX_CACHE"]["value"] == CACHE
    assert "secretKeyRef" in env["POSTGRES_PASSWORD"]["valueFrom"]


@pytest.mark.parametrize("user", [10001, 4711])
def test_all_that_write_the_cache_are_one_restricted_user(render, user: int) -> None:
    rendered = render(trex_values(runAsUser=user))
    security = pod(rendered)["securityContext"]
    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (user, user, user)
    assert security["runAsNonRoot"] is True and security["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in (*pod(rendered)["initContainers"], *pod(rendered)["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"tiles": {"engine": "trex"}}, "/tiles/trex/image"),
        (trex_values(image="registry.example.org/trex"), "/tiles/trex/image"),
        (trex_values(image="registry.example.org/trex:latest"), "/tiles/trex/image"),
        ({"tiles": {"engine": "t-rex"}}, "/tiles/engine"),
        (trex_values(runAsUser=0), "/tiles/trex/runAsUser"),
        (trex_values(cacheVolume={"accessMode": "ReadOnlyMany"}), "/tiles/trex/cacheVolume/accessMode"),
        (trex_values(cacheVolume={"claim": "x"}), "claim"),
    ],
)
def test_the_schema_refuses_and_names(render, values: dict[str, Any], named: str) -> None:
    with pytest.raises(AssertionError) as refused:
        render(values)
    assert named in str(refused.value)
