# SPDX-License-Identifier: Apache-2.0
"""Rendering of workflows: small steps and graphs made here. The files of the role: tests/unit/roles/workflows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import check_and_complete_settings
from ansible_collections.cosmogony.stack.plugins.plugin_utils._workflows.files import WorkflowFileError
from ansible_collections.cosmogony.stack.plugins.plugin_utils._workflows.manifests import Renderer

Document = dict[str, Any]
ENVELOPE: Document = {
    "metadata": {"namespace": "geo", "labels": {"mine": "yes"}},
    "spec": {"serviceAccountName": "worker", "securityContext": {"runAsNonRoot": True}},
    "template": {"retryStrategy": {"limit": 4, "expression": "75"}},
    "container": {"securityContext": {"readOnlyRootFilesystem": True}},
}
LOAD: Document = {
    "title": "Load",
    "description": "Loads.",
    "image": "importer",
    "pod": "load",
    "command": ["import.py", "load"],
    "parameters": [
        {"name": "release", "description": "Which one"},
        {"name": "plan", "value": "", "internal": True},
    ],
    "outputs": ["zones", {"name": "notes", "default": "none"}],
    "credentials": ["database"],
}
CALL: Document = {"name": "first", "template": "load", "arguments": {"parameters": [{"name": "release", "value": "1"}]}}


def graph(*tasks: Document, **more: Any) -> Document:
    return {
        "title": "All",
        "description": "All.",
        "templates": [{"name": "main", "dag": {"tasks": list(tasks)}}],
        **more,
    }


def render(steps: Document, graphs: Document | None = None, **settings: Any) -> dict[str, Document]:
    images = {"importer": "r.example.org/importer:1", "pipeline": "r.example.org/pipeline:1"}
    tree = check_and_complete_settings({"images": images, **settings})
    made = Renderer(steps, graphs or {}, tree, ENVELOPE).render()
    return {manifest["metadata"]["name"]: manifest for manifest in made}


def test_a_step_has_what_its_file_says_and_what_all_have():
    manifest = render({"load": LOAD})["cosmogony-load"]
    assert manifest["metadata"]["namespace"] == "geo" and manifest["metadata"]["labels"] == {"mine": "yes"}
    spec = manifest["spec"]
    assert spec["arguments"]["parameters"] == [{"name": "release", "description": "Which one"}], (
        "an internal one is none"
    )
    assert spec["serviceAccountName"] == "worker"
    assert spec["synchronization"] == {"mutexes": [{"name": "cosmogony-update"}]}
    (main,) = spec["templates"]
    assert main["inputs"]["parameters"] == [{"name": "release"}, {"name": "plan", "value": ""}]
    assert main["outputs"]["parameters"] == [
        {"name": "zones", "valueFrom": {"path": "/tmp/outputs/zones"}},  # noqa: S108
        {"name": "notes", "valueFrom": {"path": "/tmp/outputs/notes", "default": "none"}},  # noqa: S108
    ]
    container = main["container"]
    assert container["command"] == ["import.py", "load"]
    assert container["args"] == [
        "--release={{inputs.parameters.release}}",
        "--plan={{inputs.parameters.plan}}",
        "--outputs=/tmp/outputs",
    ]
    assert container["securityContext"] == {"readOnlyRootFilesystem": True}
    assert main["retryStrategy"] == {"limit": 4, "expression": "75"}


def test_what_differs_wins_and_touches_no_other_step():
    own = {**LOAD, "lock": False, "deadline": 60, "retry": {"limit": 1}, "args": ["--raw"]}
    made = render({"load": LOAD, "other": own})
    (other,), (load,) = (made[f"cosmogony-{name}"]["spec"]["templates"] for name in ("other", "load"))
    assert "synchronization" not in made["cosmogony-other"]["spec"]
    assert (other["activeDeadlineSeconds"], load["activeDeadlineSeconds"]) == (60, 43200)
    assert (other["retryStrategy"]["limit"], load["retryStrategy"]["limit"]) == (1, 4)
    assert other["container"]["args"] == ["--raw"]


def test_a_graph_holds_the_steps_that_it_calls():
    made = render({"load": LOAD}, {"all": graph(CALL, lock=False, on_exit="load")})
    spec = made["cosmogony-all"]["spec"]
    main, load = spec["templates"]
    assert (main["name"], load) == ("main", {**made["cosmogony-load"]["spec"]["templates"][0], "name": "load"})
    assert spec["onExit"] == "load"


def test_a_graph_may_call_another_one_and_its_steps_come_along():
    inner, outer = graph(CALL), graph({"name": "all", "template": "inner"})
    templates = render({"load": {**LOAD, "alone": False}}, {"inner": inner, "outer": outer})["cosmogony-outer"]["spec"]
    assert [template["name"] for template in templates["templates"]] == ["main", "inner", "load"]


def test_what_is_not_wanted_is_no_part_and_another_takes_its_place():
    instead = graph({**CALL, "template": "trex-load"}, where={"tiles.engine": "trex"}, instead_of="load")
    steps = {"load": LOAD, "trex-load": {**LOAD, "where": {"tiles.engine": "trex"}, "alone": False}}
    graphs = {"all": graph(CALL), "load-trex": instead}
    martin = render(steps, graphs)
    assert set(martin) == {"cosmogony-load", "cosmogony-all"}
    trex = render(steps, graphs, tiles={"engine": "trex"})
    assert set(trex) == {"cosmogony-load", "cosmogony-all", "cosmogony-load-trex"}
    templates = {template["name"]: template for template in trex["cosmogony-all"]["spec"]["templates"]}
    assert list(templates) == ["main", "load", "trex-load"]
    assert "dag" in templates["load"], "the graph, under the name of the step"


def test_settings_stand_in_the_place_of_their_paths():
    task = {**CALL, "arguments": {"parameters": [{"name": "release", "value": {"setting": "trex.generate_nodes"}}]}}
    (main, _load) = render({"load": LOAD}, {"all": graph(task)})["cosmogony-all"]["spec"]["templates"]
    assert main["dag"]["tasks"][0]["arguments"]["parameters"][0]["value"] == "1"


@pytest.mark.parametrize(
    ("steps", "graphs", "said"),
    [
        ({"load": {**LOAD, "commands": ["x"]}}, {}, "load.yaml has the unknown key commands"),
        ({"load": {"title": "x"}}, {}, "has no key command and has no key description and has no key image"),
        ({"load": {**LOAD, "pod": "large"}}, {}, "load.yaml: no pod large, only plan, fetch"),
        ({"load": {**LOAD, "image": "web"}}, {}, "images.web is ''"),
        ({"load": {**LOAD, "credentials": ["bank"]}}, {}, "load.yaml: no credentials bank, only storage"),
        ({"load": {**LOAD, "volumes": ["attic"]}}, {}, "load.yaml: no volume attic, only sources"),
        ({"load": {**LOAD, "where": {"tiles.color": "red"}}}, {}, "there is no setting tiles.color"),
        ({}, {"all": graph(CALL)}, "all.yaml calls load"),
        ({}, {"all": {"title": "x", "description": "x"}}, "all.yaml has no key templates"),
    ],
)
def test_a_file_that_says_something_wrong_is_named(steps, graphs, said):
    with pytest.raises(WorkflowFileError) as refused:
        render(steps, graphs)
    assert said in str(refused.value)
