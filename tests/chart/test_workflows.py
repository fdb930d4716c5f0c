# SPDX-License-Identifier: Apache-2.0
"""The workflow templates: accepted by Argo, free of Jinja, and fitting to the chart's settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = Path(__file__).resolve().parents[2] / "roles/workflows/files"
FILES = sorted(WORKFLOWS.glob("*.yaml"))
STEPS = (
    *("plan", "fetch", "extract", "merge", "load", "stats", "tiles", "gate", "publish", "clean"),
    *("rollback", "list", "report", "status"),
)
TEMPLATES = {f"cosmogony-{step}" for step in STEPS} | {"cosmogony-tiles-trex", "cosmogony-update"}


def read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text())


def template(name: str) -> dict[str, Any]:
    return read(WORKFLOWS / f"cosmogony-{name}.yaml")


def main_of(name: str) -> dict[str, Any]:
    (main,) = (t for t in template(name)["spec"]["templates"] if t["name"] == "main")
    return main


def setting_keys(document: Any) -> set[str]:
    """Keys of cosmogony-settings that a document reads."""
    if isinstance(document, dict):
        found = {document["key"]} if document.get("name") == "cosmogony-settings" and "key" in document else set()
        return found.union(*(setting_keys(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*(setting_keys(value) for value in document))
    return set()


def test_argo_accepts_them(argo) -> None:
    done = argo("lint", "--offline", "--no-color", str(WORKFLOWS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no linting errors found" in done.stdout


def test_argo_refuses_a_misspelt_field(argo, tmp_path: Path) -> None:
    """The lint above looks closely enough to be worth something."""
    broken = template("fetch")
    broken["spec"]["templates"][0]["retryStrategie"] = broken["spec"]["templates"][0].pop("retryStrategy")
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(broken))
    done = argo("lint", "--offline", "--no-color", str(tmp_path))
    assert done.returncode != 0
    assert "retryStrategie" in done.stdout + done.stderr


def test_one_file_each() -> None:
    named = {file.stem: read(file)["metadata"]["name"] for file in FILES if read(file)["kind"] == "WorkflowTemplate"}
    assert set(named.values()) == TEMPLATES
    assert all(stem == name for stem, name in named.items())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_argos_braces_are_the_only_ones(file: Path) -> None:
    text = file.read_text()
    assert "{%" not in text and "{#" not in text
    for inside in re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL):
        assert re.match(r"=?(jsonpath\(|sprig\.|inputs\.parameters\.|tasks\.|workflow\.|item\b)", inside), inside


def test_all_settings_that_are_read_exist(default) -> None:
    """A missing key would only show when the step runs."""
    there = set(default["ConfigMap/cosmogony-settings"]["data"])
    wanted = set().union(*(setting_keys(read(file)) for file in FILES))
    assert wanted <= there
    assert there - wanted == set(), "settings that nobody reads"


def assert_time_limit(made: dict[str, Any]) -> None:
    """A number; or a setting, which is one by the chart's schema."""
    limit = str(made["activeDeadlineSeconds"])
    if not limit.isdigit():
        assert limit == "{{inputs.parameters.deadline}}"
        inputs = {entry["name"]: entry for entry in made["inputs"]["parameters"]}
        (key,) = setting_keys(inputs["deadline"])
        assert key.startswith("deadline-")


@pytest.mark.parametrize("step", STEPS)
def test_step(step: str) -> None:
    spec, main = template(step)["spec"], main_of(step)
    assert spec["serviceAccountName"] == "cosmogony-workflow"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["archiveLogs"] is False
    assert spec["podGC"]["strategy"] and spec["ttlStrategy"]["secondsAfterSuccess"]
    assert_time_limit(main)
    container = main["container"]
    assert container["command"], "without a command Argo would ask the registry for the entrypoint"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
    assert main["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    retry = main["retryStrategy"]
    assert retry["retryPolicy"] == "Always"
    assert retry["expression"] == "lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == 75"
    assert retry["backoff"]["duration"] and "maxDuration" not in retry["backoff"]
    for parameter in (main.get("outputs") or {}).get("parameters", []):
        assert parameter["valueFrom"]["path"] == f"/tmp/outputs/{parameter['name']}"  # noqa: S108


@pytest.mark.parametrize("step", STEPS)
def test_no_secret_in_arguments(step: str) -> None:
    container = main_of(step)["container"]
    assert not any("secret" in argument or "password" in argument for argument in container["args"])
    for entry in container["env"]:
        if entry["name"].endswith(("_ACCESS_KEY", "_SECRET_KEY", "POSTGRES_USER", "POSTGRES_PASSWORD", "WEBHOOK_URL")):
            assert "secretKeyRef" in entry["valueFrom"]
        else:
            assert "configMapKeyRef" in entry["valueFrom"]


def test_sources_are_no_arguments() -> None:
    """Their URLs may hold signatures; the parts of a plan that are arguments have none."""
    for step in ("plan", "fetch", "merge", "clean", "report"):
        env = {entry["name"]: entry["valueFrom"] for entry in main_of(step)["container"]["env"]}
        assert env["SOURCES"] == {"configMapKeyRef": {"name": "cosmogony-settings", "key": "sources"}}, step
    for file in FILES:
        for inputs in (t.get("inputs") or {} for t in read(file)["spec"].get("templates", [])):
            for entry in inputs.get("parameters", []):
                assert "sources" not in setting_keys(entry), file


@pytest.mark.parametrize("step", ["plan", "extract", "merge"])
def test_what_zones_are_made_with_is_the_same_in_every_step(step: str) -> None:
    """Else a step would not find what the one before it made."""
    settings = {"languages": "languages", "as-original": "sources-as-original"}
    main = main_of(step)
    inputs = {entry["name"]: entry for entry in main["inputs"]["parameters"]}
    for name, key in settings.items():
        assert setting_keys(inputs[name]) == {key}
        assert f"--{name}={{{{inputs.parameters.{name}}}}}" in main["container"]["args"]


@pytest.mark.parametrize("step", ["plan", "fetch"])
def test_sources_on_another_s3_server(default, render, step: str) -> None:
    env = {entry["name"]: entry["valueFrom"] for entry in main_of(step)["container"]["env"]}
    secret = {"name": "{{inputs.parameters.source-s3-secret}}", "optional": True}
    assert env["SOURCE_S3_ACCESS_KEY"]["secretKeyRef"] == {**secret, "key": "accesskey"}
    assert env["SOURCE_S3_SECRET_KEY"]["secretKeyRef"] == {**secret, "key": "secretkey"}
    assert env["SOURCE_S3_ENDPOINT"]["configMapKeyRef"]["key"] == "source-s3-endpoint"
    unused = default["ConfigMap/cosmogony-settings"]["data"]
    assert (unused["source-s3-endpoint"], unused["source-s3-secret"]) == ("", "no-source-s3")
    storage = {"endpoint": "s3.example.org", "secure": False, "region": "eu-west-1", "existingSecret": "extracts"}
    used = render({"data": {"sourceStorage": storage}})["ConfigMap/cosmogony-settings"]["data"]
    assert {key: value for key, value in used.items() if key.startswith("source-s3")} == {
        "source-s3-endpoint": "s3.example.org",
        "source-s3-secure": "false",
        "source-s3-region": "eu-west-1",
        "source-s3-secret": "extracts",
    }


@pytest.mark.parametrize("step", ["extract", "merge"])
def test_scratch_space_is_that_of_the_plan(step: str) -> None:
    main = main_of(step)
    assert main["podSpecPatch"] == "{{=sprig.replace('from-plan', inputs.parameters.disk, inputs.parameters.pod)}}"
    (disk,) = (p for p in main["inputs"]["parameters"] if p["name"] == "disk")
    assert re.fullmatch(r"[0-9]+Gi", disk["value"])


@pytest.mark.parametrize("step", STEPS)
def test_a_step_can_be_run_alone(step: str) -> None:
    """Inputs of the entry template come from settings, a default, or an argument of the same name."""
    arguments = {a["name"] for a in (template(step)["spec"].get("arguments") or {}).get("parameters", [])}
    inputs = {i["name"]: i for i in main_of(step)["inputs"]["parameters"]}
    assert arguments <= set(inputs)
    for name, given in inputs.items():
        assert "valueFrom" in given or "value" in given or name in arguments, name


def test_what_changes_data_holds_the_lock() -> None:
    without = {"plan", "list", "report", "status"}
    for name in {*STEPS, "tiles-trex", "update"} - without:
        lock = template(name)["spec"].get("synchronization")
        assert lock == {"mutexes": [{"name": "cosmogony-update"}]}, name
    for name in without:
        assert "synchronization" not in template(name)["spec"]


def tasks(name: str) -> dict[str, dict[str, Any]]:
    (found,) = (t for t in template("update")["spec"]["templates"] if t["name"] == name)
    return {task["name"]: task for task in found["dag"]["tasks"]}


def test_update_has_every_mode_its_role_has() -> None:
    (mode,) = (p for p in template("update")["spec"]["arguments"]["parameters"] if p["name"] == "mode")
    specs = yaml.safe_load((WORKFLOWS.parents[1] / "data_update/meta/argument_specs.yml").read_text())
    assert specs["argument_specs"]["main"]["options"]["data_update_mode"]["choices"] == mode["enum"]
    assert mode["enum"] == ["full", "changed", "source", "reimport", "tiles"]
    assert {name: task["when"] for name, task in tasks("main").items()} == {
        "update": "{{workflow.parameters.mode}} != tiles",
        "store-tiles": "{{workflow.parameters.mode}} == tiles && {{inputs.parameters.tiles-engine}} == martin",
        "store-tiles-trex": "{{workflow.parameters.mode}} == tiles && {{inputs.parameters.tiles-engine}} == trex",
    }


@pytest.mark.parametrize(("holder", "name"), [("store-tiles", "tiles"), ("store-tiles-trex", "tiles-trex")])
def test_tiles_only_is_the_live_release(holder: str, name: str) -> None:
    (step,) = tasks(holder).values()
    assert step["templateRef"] == {"name": f"cosmogony-{name}", "template": "main"}
    assert step["arguments"]["parameters"] == [{"name": "release", "value": ""}]


def test_update_goes_in_order() -> None:
    assert tasks("update")["release"]["when"] == "{{tasks.plan.outputs.parameters.changed}} == true"
    depends = {name: task.get("depends") for name, task in tasks("release").items()}
    assert depends == {
        "source": None,
        "merge": "source.Succeeded || source.Skipped",
        "load": "merge.Succeeded",
        "stats": "merge.Succeeded",
        "tiles": "load.Succeeded",
        "tiles-trex": "load.Succeeded",
        "gate": (
            "(tiles.Succeeded || tiles.Skipped) && (tiles-trex.Succeeded || tiles-trex.Skipped) && stats.Succeeded"
        ),
        "publish": "gate.Succeeded",
        "clean": "publish.Succeeded",
    }
    assert tasks("source")["extract"]["depends"] == "fetch.Succeeded"
    assert tasks("release")["source"]["withParam"] == "{{inputs.parameters.work}}"


def test_update_gives_each_step_what_it_asks_for() -> None:
    for holder in ("update", "store-tiles", "store-tiles-trex", "release", "source"):
        for name, task in tasks(holder).items():
            if "templateRef" not in task:
                continue
            step = task["templateRef"]["name"].removeprefix("cosmogony-")
            inputs = {i["name"]: i for i in main_of(step)["inputs"]["parameters"]}
            given = {p["name"] for p in (task.get("arguments") or {}).get("parameters", [])}
            assert given <= set(inputs), name
            missing = {n for n, i in inputs.items() if "value" not in i and "valueFrom" not in i} - given
            assert missing == set(), name


def test_every_run_is_reported_and_a_failed_report_fails_nothing() -> None:
    """Argo calls a good run failed when its exit handler fails."""
    spec = template("update")["spec"]
    (handler,) = (t for t in spec["templates"] if t["name"] == spec["onExit"])
    steps = {step["name"]: step for group in handler["steps"] for step in group}
    assert list(steps) == ["report", "clean"]
    for name, step in steps.items():
        assert step["continueOn"] == {"failed": True, "error": True}, name
        assert step["templateRef"] == {"name": f"cosmogony-{name}", "template": "main"}
    assert steps["clean"]["when"] == "{{workflow.status}} != Succeeded"
    given = {p["name"]: p["value"] for p in steps["report"]["arguments"]["parameters"]}
    assert set(given) <= {i["name"] for i in main_of("report")["inputs"]["parameters"]}
    assert (given["status"], given["failures"]) == ("{{workflow.status}}", "{{workflow.failures}}")
    # A run that failed has none of them, and Argo would hand over the braces.
    assert not any("workflow.outputs" in value for value in given.values())


def test_the_webhook_is_a_secret_that_may_be_missing(default, render) -> None:
    (entry,) = (e for e in main_of("report")["container"]["env"] if e["name"] == "WEBHOOK_URL")
    reference = entry["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "{{inputs.parameters.webhook-secret}}", "key": "url", "optional": True}
    assert default["ConfigMap/cosmogony-settings"]["data"]["webhook-secret"] == "no-webhook"
    named = render({"data": {"report": {"webhookSecret": "chat"}}})["ConfigMap/cosmogony-settings"]["data"]
    assert named["webhook-secret"] == "chat"


def test_ended_workflows_go_the_failed_ones_too() -> None:
    for name in {*STEPS, "update"}:
        ttl = template(name)["spec"]["ttlStrategy"]
        assert ttl["secondsAfterSuccess"] > 0 and ttl["secondsAfterFailure"] > 0, name
    cron = read(WORKFLOWS / "cosmogony-schedule.yaml")["spec"]
    assert cron["successfulJobsHistoryLimit"] > 0 and cron["failedJobsHistoryLimit"] > 0


def test_update_tells_what_came_of_it() -> None:
    (update,) = (t for t in template("update")["spec"]["templates"] if t["name"] == "update")
    assert {o["globalName"] for o in update["outputs"]["parameters"]} == {"result", "release", "message"}


def test_parallelism_is_for_the_submitter(default) -> None:
    """It is a typed field: role workflows sets the default, argo_workflow another one, which wins."""
    for file in FILES:
        document = read(file)
        if document["kind"] == "WorkflowTemplate":
            assert "parallelism" not in json.dumps(document)


def test_schedule() -> None:
    cron = read(WORKFLOWS / "cosmogony-schedule.yaml")
    assert cron["kind"] == "CronWorkflow"
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    assert isinstance(cron["spec"]["schedules"], list)
    assert cron["spec"]["workflowSpec"]["workflowTemplateRef"] == {"name": "cosmogony-update"}
