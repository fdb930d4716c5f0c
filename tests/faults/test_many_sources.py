# SPDX-License-Identifier: Apache-2.0
"""An update of a thousand small sources: pods, time, and the size of the workflow's own object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from checkout import DATA
from scenario.stack import Stack, seconds

EXTRACT = "gatineau.osm.pbf"
PODS = 150
SECONDS = 90 * 60
OBJECT = 1_000_000  # bytes; etcd takes 1.5 MB, and Argo compresses the nodes of a workflow from there on
TEXT = 8 * 1024  # bytes of an argument, a variable or an output
DEPLOYS = 900.0  # seconds for the role that keeps the settings


@contextmanager
def inventory_of(stack: Stack, sources: list[dict[str, Any]], file: Path) -> Iterator[None]:
    """Deploy the sources as a site does, and afterwards those of the scenario again."""
    file.write_text(json.dumps({"cosmogony_sources": sources, "cosmogony_sources_batch_sources": 32}))
    try:
        stack.playbook("site.yml", "--tags=workflows", f"--extra-vars=@{file}").succeeded(limit=DEPLOYS)
        yield
    finally:
        stack.playbook("site.yml", "--tags=workflows").succeeded(limit=DEPLOYS)


@pytest.mark.many
@pytest.mark.parametrize("count", [10, 100, 1000])
def test_many_small_sources_are_few_pods(stack: Stack, count: int, tmp_path: Path) -> None:
    stack.downloads.put(EXTRACT, (DATA / EXTRACT).read_bytes())
    names = [f"region-with-a-name-of-usual-length-{number:04}-latest.osm.pbf" for number in range(count)]
    for name in names:
        stack.downloads.lead(name, EXTRACT)
    extracts = [{"url": f"{stack.settings.downloads_url}/{name}", "country_code": "CA"} for name in names]
    own = stack.cluster.read_settings()["sources"]["extracts"]
    with inventory_of(stack, [*own, *extracts], tmp_path / "sources.json"):
        name = stack.cluster.submit("cosmogony-update", override="a test of many sources")
        workflow = stack.cluster.ended(name, limit=SECONDS)
    status = workflow["status"]
    assert status["phase"] == "Succeeded", status.get("message")
    manifest = stack.store.json(f"releases/{stack.cluster.outputs(workflow)['release']}/manifest.json")
    assert len(manifest["sources"]) == count + len(own)
    nodes = stack.cluster.nodes(name)
    pods = [node for node in nodes if node["type"] == "Pod"]
    size = len(json.dumps(workflow, separators=(",", ":")).encode())
    took = seconds((status["startedAt"], status["finishedAt"]))
    plan = sum(len(batch["sources"]) for batch in stack.store.json(f"runs/{name}/plan.json")["batches"])
    stack.note(f"{count} sources", f"{len(pods)} pods, the workflow has {size} bytes", took)
    assert plan == count + len(own)
    assert len(pods) <= PODS
    assert size <= OBJECT
    assert max(len(value) for node in nodes for value in _texts(node)) <= TEXT


def _texts(node: dict) -> list[str]:
    """Inputs and outputs of a step, which are its arguments and variables."""
    sides = (node.get("inputs") or {}, node.get("outputs") or {})
    return [str(parameter.get("value", "")) for side in sides for parameter in side.get("parameters") or ()] or [""]
