# SPDX-License-Identifier: Apache-2.0
"""The steps that feed t-rex's cache."""

from __future__ import annotations

import json
from typing import Any

import pytest

CACHE = "/tmp/mvtcache"  # noqa: S108  where the original has it
ON_THE_CACHE = ("publish", "rollback", "clean", "list")


def templates(manifests: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {template["name"]: template for template in manifests[f"cosmogony-{name}"]["spec"]["templates"]}


def on_the_cache(manifests: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Templates of all steps that work on the cache."""
    trex = {name: step for name, step in templates(manifests, "tiles-trex").items() if name != "main"}
    return trex | {name: templates(manifests, name)["main"] for name in ON_THE_CACHE}


def test_without_it_nothing_of_it_is_there(manifests) -> None:
    assert "trex" not in json.dumps(list(manifests.values()))


def test_it_takes_the_place_of_the_step_tiles(manifests, trex_manifests) -> None:
    assert set(trex_manifests) == {*manifests, "cosmogony-tiles-trex"}
    own, alone = templates(trex_manifests, "update"), templates(trex_manifests, "tiles-trex")
    assert own["tiles"] == {**alone.pop("main"), "name": "tiles"}
    for name, template in alone.items():
        assert own[name] == template
    assert "tile_finish" in json.dumps(own) and 'import.py", "tiles"' not in json.dumps(own)


def test_generate_is_one_command_of_trex(trex_manifests) -> None:
    generate = templates(trex_manifests, "tiles-trex")["trex-generate"]
    container = generate["container"]
    assert container["image"] == "registry.example.org/cosmogony/trex:0.9.2"
    assert container["command"] == ["/usr/bin/t_rex"]
    assert container["args"] == [
        "generate",
        "-c",
        "{{inputs.parameters.config}}",
        "--tileset=cosmogony",
        "--minzoom=0",
        "--maxzoom={{inputs.parameters.max-zoom}}",
        "--extent={{inputs.parameters.extent}}",
        "--nodes={{inputs.parameters.nodes}}",
        "--nodeno={{inputs.parameters.node}}",
        "--progress=false",
        "--overwrite=true",
    ]
    (address,) = (entry for entry in container["env"] if entry["name"] == "TREX_DATASOURCE_URL")
    assert address["valueFrom"]["secretKeyRef"] == {"name": "cosmogony-trex", "key": "url"}
    assert "POSTGRES_PASSWORD" not in json.dumps(container)
    assert generate["retryStrategy"]["expression"].endswith("== 101")


def test_tiles_are_prepared_generated_and_finished(rendered_trex) -> None:
    steps = templates(rendered_trex(generate_max_zoom=9, generate_nodes=3), "tiles-trex")
    tasks = {task["name"]: task for task in steps["main"]["dag"]["tasks"]}
    assert {name: task.get("depends") for name, task in tasks.items()} == {
        "prepare": None,
        "generate": "prepare.Succeeded",
        "finish": "generate.Succeeded",
    }
    assert tasks["generate"]["withSequence"] == {"count": "3"}
    (zoom,) = (entry for entry in steps["main"]["inputs"]["parameters"] if entry["name"] == "max-zoom")
    assert zoom["value"] == "9"
    for task in tasks.values():
        inputs = steps[task["template"]]["inputs"]["parameters"]
        given = {entry["name"] for entry in task["arguments"]["parameters"]}
        assert given == {entry["name"] for entry in inputs if "value" not in entry}, task["name"]
    (config,) = (volume for volume in steps["trex-prepare"]["volumes"] if volume["name"] == "trex-config")
    assert config["configMap"] == {"name": "cosmogony-trex"}


def test_steps_on_the_cache_mount_all_of_it(trex_manifests, rendered_trex) -> None:
    for name, step in on_the_cache(trex_manifests).items():
        env = {entry["name"]: entry.get("value") for entry in step["container"]["env"]}
        assert env["TREX_CACHE"] == CACHE
        mounts = {mount["name"]: mount for mount in step["container"]["volumeMounts"]}
        assert mounts["trex-cache"] == {"name": "trex-cache", "mountPath": CACHE}, f"{name}: no subPath, not read-only"
        claims = {volume["name"]: volume.get("persistentVolumeClaim") for volume in step["volumes"]}
        assert claims["trex-cache"] == {"claimName": "cosmogony-trex"}
    theirs = rendered_trex(cache_volume={"existing_claim": "theirs"})
    assert all('"claimName": "theirs"' in json.dumps(step["volumes"]) for step in on_the_cache(theirs).values())


@pytest.mark.parametrize("user", [10001, 4711])
def test_all_that_write_the_cache_are_one_restricted_user(rendered_trex, user: int) -> None:
    manifests = rendered_trex(run_as_user=user)
    for step in on_the_cache(manifests).values():
        security = step["securityContext"]
        assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (user, user, user)
        assert security["runAsNonRoot"] is True and security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert step["container"]["securityContext"]["readOnlyRootFilesystem"] is True
    assert "securityContext" not in templates(manifests, "gate")["main"]


def test_a_volume_of_one_node_keeps_its_pods_together(trex_manifests, rendered_trex, render) -> None:
    assert all("affinity" not in step for step in on_the_cache(trex_manifests).values())
    served = render(
        {
            "tiles": {
                "engine": "trex",
                "trex": {"image": "r.example.org/trex:0.9.2", "cacheVolume": {"accessMode": "ReadWriteOnce"}},
            }
        }
    )
    affinity = served.pods()["Deployment/cosmogony-tiles"]["affinity"]
    manifests = rendered_trex(cache_volume={"access_mode": "ReadWriteOnce"})
    for step in on_the_cache(manifests).values():
        assert step["affinity"]["podAffinity"] == affinity["podAffinity"]
    assert "affinity" not in templates(manifests, "gate")["main"]
