# SPDX-License-Identifier: Apache-2.0
"""The workflow templates as role workflows renders them: accepted by Argo, complete, every value written out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT

STEPS = sorted(path.stem for path in (CHECKOUT / "roles/workflows/files/steps").glob("*.yaml"))
ALONE = [step for step in STEPS if not step.startswith("trex-")]
TMP = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108
SETTINGS = {"name": "settings", "mountPath": "/etc/cosmogony", "readOnly": True}


def spec(manifests: dict[str, Any], name: str) -> dict[str, Any]:
    return manifests[f"cosmogony-{name}"]["spec"]


def templates(manifests: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {template["name"]: template for template in spec(manifests, name)["templates"]}


def main_of(manifests: dict[str, Any], name: str) -> dict[str, Any]:
    return templates(manifests, name)["main"]


def environment(template: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") or entry["valueFrom"] for entry in template["container"]["env"]}


def tasks(manifests: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {task["name"]: task for task in templates(manifests, "update")[name]["dag"]["tasks"]}


def given(task: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in task.get("arguments", {}).get("parameters", [])}


@pytest.mark.parametrize("engine", ["martin", "trex"])
def test_argo_accepts_them(argo, manifests, trex_manifests, written, engine: str) -> None:
    folder = written(manifests if engine == "martin" else trex_manifests)
    done = argo("lint", "--offline", "--no-color", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no linting errors found" in done.stdout


def test_argo_refuses_a_misspelt_field(argo, manifests, tmp_path: Path) -> None:
    """The lint above looks closely enough to be worth something."""
    broken = json.loads(json.dumps(manifests["cosmogony-fetch"]))
    broken["spec"]["templates"][0]["retryStrategie"] = broken["spec"]["templates"][0].pop("retryStrategy")
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(broken))
    done = argo("lint", "--offline", "--no-color", str(tmp_path))
    assert done.returncode != 0
    assert "retryStrategie" in done.stdout + done.stderr


def test_each_step_and_the_update_has_a_template(manifests) -> None:
    assert set(manifests) == {f"cosmogony-{step}" for step in (*ALONE, "update")}
    for name, manifest in manifests.items():
        annotations = manifest["metadata"]["annotations"]
        assert annotations["workflows.argoproj.io/title"] and annotations["workflows.argoproj.io/description"], name


def test_nothing_is_looked_up_when_a_step_runs(manifests, trex_manifests) -> None:
    """Neither a key of a ConfigMap nor another template: what runs is what the object says."""
    for manifest in (*manifests.values(), *trex_manifests.values()):
        text = json.dumps(manifest)
        assert "configMapKeyRef" not in text and "templateRef" not in text, manifest["metadata"]["name"]


def test_argos_braces_are_the_only_ones(manifests, trex_manifests) -> None:
    text = json.dumps([*manifests.values(), *trex_manifests.values()])
    assert "{%" not in text and "{#" not in text
    for inside in re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL):
        assert re.match(r"inputs\.parameters\.|tasks\.|workflow\.|item$|=sprig\.trunc\(", inside), inside


@pytest.mark.parametrize("step", ALONE)
def test_step(manifests, step: str) -> None:
    workflow, main = spec(manifests, step), main_of(manifests, step)
    assert workflow["serviceAccountName"] == "cosmogony-workflow"
    assert workflow["securityContext"]["runAsNonRoot"] is True
    assert workflow["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert workflow["archiveLogs"] is False
    assert workflow["podGC"]["strategy"] and workflow["ttlStrategy"]["secondsAfterSuccess"]
    assert isinstance(main["activeDeadlineSeconds"], int)
    container = main["container"]
    assert container["image"].startswith("registry.example.org/cosmogony/")
    assert container["command"], "without a command Argo would ask the registry for the entrypoint"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["volumeMounts"] == [TMP, SETTINGS]
    assert main["volumes"][1:] == [{"name": "settings", "configMap": {"name": "cosmogony-settings"}}]
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
    retry = main["retryStrategy"]
    assert retry["retryPolicy"] == "Always"
    assert retry["expression"] == "lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == 75"
    assert retry["backoff"]["duration"] and "maxDuration" not in retry["backoff"]
    for parameter in main.get("outputs", {}).get("parameters", []):
        assert parameter["valueFrom"]["path"] == f"/tmp/outputs/{parameter['name']}"  # noqa: S108


@pytest.mark.parametrize("name", [*ALONE, "update"])
def test_argos_own_containers_are_restricted(manifests, name: str) -> None:
    """The namespace's Pod Security asks for it, and no other field reaches them."""
    patch = yaml.safe_load(spec(manifests, name)["podSpecPatch"])
    for container in (*patch["initContainers"], *patch["containers"]):
        restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == restricted, container["name"]
    assert [container["name"] for container in patch["initContainers"] + patch["containers"]] == ["init", "wait"]


@pytest.mark.parametrize("step", ALONE)
def test_only_credentials_come_by_the_environment(manifests, step: str) -> None:
    container = main_of(manifests, step)["container"]
    assert not any("secret" in argument or "password" in argument for argument in container["args"])
    plain = {"SCRATCH_SIZE", "STALL_SECONDS"}
    for name, value in environment(main_of(manifests, step)).items():
        assert ("secretKeyRef" in value) is (name not in plain), name


def test_sources_are_no_arguments(manifests) -> None:
    """Their URLs may hold signatures."""
    assert "download.example.org" not in json.dumps(list(manifests.values()))


def test_limits_of_the_steps(rendered) -> None:
    extract = {"resources": {"requests": {"cpu": "3", "memory": "9Gi"}, "limits": {"memory": "10Gi"}}}
    manifests = rendered({"steps": {"load": {**extract, "scratch": "3Gi", "deadline": 1_000_000, "stall": 1_000_000}}})
    main = main_of(manifests, "load")
    requests = {"cpu": "3", "memory": "9Gi", "ephemeral-storage": "3Gi"}
    assert main["container"]["resources"] == {"requests": requests, "limits": {"memory": "10Gi"}}
    assert main["volumes"][0] == {"name": "tmp", "emptyDir": {"sizeLimit": "3Gi"}}
    assert main["activeDeadlineSeconds"] == 1_000_000
    env = environment(main)
    assert (env["SCRATCH_SIZE"], env["STALL_SECONDS"]) == ("3Gi", "1000000"), "the step knows its limits"
    assert templates(manifests, "update")["load"] == {**main, "name": "load"}, "in an update, too"


def test_a_site_may_ask_for_less_disk_than_it_allows(rendered) -> None:
    resources = {"requests": {"ephemeral-storage": "1Gi"}}
    steps = {"merge": {"resources": resources, "scratch": "50Gi"}, "extract": {"resources": resources}}
    manifests = rendered({"steps": steps})
    merge, extract = main_of(manifests, "merge"), main_of(manifests, "extract")
    assert merge["container"]["resources"]["requests"]["ephemeral-storage"] == "1Gi"
    assert merge["volumes"][0]["emptyDir"] == {"sizeLimit": "50Gi"}
    assert extract["container"]["resources"]["requests"]["ephemeral-storage"] == "1Gi"
    assert "containers" not in json.loads(extract["podSpecPatch"])


@pytest.mark.parametrize("step", ["extract", "merge"])
def test_scratch_space_is_that_of_the_plan(manifests, step: str) -> None:
    main = main_of(manifests, step)
    disk = "{{inputs.parameters.disk}}"
    assert json.loads(main["podSpecPatch"]) == {
        "containers": [{"name": "main", "resources": {"requests": {"ephemeral-storage": disk}}}],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": disk}}],
    }
    assert environment(main)["SCRATCH_SIZE"] == disk
    (parameter,) = (p for p in main["inputs"]["parameters"] if p["name"] == "disk")
    assert re.fullmatch(r"[0-9]+Gi", parameter["value"])
    assert "podSpecPatch" not in main_of(manifests, "load")


def test_pull_secrets_and_policy(rendered) -> None:
    manifests = rendered({"image_pull_secrets": ["registry"], "image_pull_policy": "Always"})
    for name in (*ALONE, "update"):
        assert spec(manifests, name)["imagePullSecrets"] == [{"name": "registry"}]
    assert main_of(manifests, "plan")["container"]["imagePullPolicy"] == "Always"


@pytest.mark.parametrize("step", ["plan", "fetch"])
def test_sources_on_another_s3_server(manifests, rendered, step: str) -> None:
    assert "SOURCE_S3_ACCESS_KEY" not in environment(main_of(manifests, step)), "public buckets"
    storage = {"endpoint": "s3.example.org", "existing_secret": "extracts"}
    env = environment(main_of(rendered({"source_storage": storage}), step))
    secret = {"name": "extracts", "optional": True}
    assert env["SOURCE_S3_ACCESS_KEY"]["secretKeyRef"] == {**secret, "key": "accesskey"}
    assert env["SOURCE_S3_SECRET_KEY"]["secretKeyRef"] == {**secret, "key": "secretkey"}
    made = environment(
        main_of(rendered({"source_storage": {**storage, "existing_secret": "", "access_key": "k"}}), step)
    )
    assert made["SOURCE_S3_ACCESS_KEY"]["secretKeyRef"]["name"] == "cosmogony-source-s3"


def test_a_volume_with_sources_is_mounted_where_they_are_read(manifests, rendered) -> None:
    with_volume = rendered({"source_volume": {"existing_claim": "extracts"}})
    for step in ALONE:
        main = main_of(with_volume, step)
        if step in ("plan", "fetch"):
            mount = {"name": "sources", "mountPath": "/sources", "readOnly": True}
            assert main["container"]["volumeMounts"] == [TMP, SETTINGS, mount]
            claim = {"claimName": "extracts", "readOnly": True}
            assert main["volumes"][2] == {"name": "sources", "persistentVolumeClaim": claim}
        else:
            assert main == main_of(manifests, step)


@pytest.mark.parametrize(("sslmode", "verifies"), [("verify-full", True), ("verify-ca", True), ("require", False)])
def test_every_step_trusts_the_cas_of_the_site(manifests, rendered, sslmode: str, verifies: bool) -> None:
    with_bundle = rendered({"ca_bundle": "/etc/ssl/site.pem", "database": {"sslmode": sslmode}})
    for step in ALONE:
        main = main_of(with_bundle, step)
        env = environment(main)
        assert env["CA_BUNDLE"] == "/etc/cosmogony-ca/ca.crt"
        assert ("PGSSLROOTCERT" in env) is verifies
        assert {"name": "ca", "configMap": {"name": "cosmogony-ca"}} in main["volumes"]
        mount = {"name": "ca", "mountPath": "/etc/cosmogony-ca", "readOnly": True}
        assert mount in main["container"]["volumeMounts"]
        assert "CA_BUNDLE" not in environment(main_of(manifests, step))


def test_secrets_of_the_site(rendered) -> None:
    manifests = rendered({"storage": {"existing_secret": "mine"}, "database": {"existing_secret": "theirs"}})
    env = environment(main_of(manifests, "load"))
    assert env["S3_SECRET_KEY"] == {"secretKeyRef": {"name": "mine", "key": "secretkey"}}
    assert env["POSTGRES_PASSWORD"] == {"secretKeyRef": {"name": "theirs", "key": "password"}}


def test_the_webhook_is_a_secret_that_may_be_missing(manifests, rendered) -> None:
    assert "WEBHOOK_URL" not in environment(main_of(manifests, "report"))
    env = environment(main_of(rendered({"report": {"webhook_secret": "chat"}}), "report"))
    assert env["WEBHOOK_URL"] == {"secretKeyRef": {"name": "chat", "key": "url", "optional": True}}
    assert env["WEBHOOK_NAME"] == "chat"


@pytest.mark.parametrize("step", ALONE)
def test_a_step_can_be_run_alone(manifests, step: str) -> None:
    """Inputs of the entry template have a value, or an argument of the same name."""
    arguments = {a["name"] for a in spec(manifests, step).get("arguments", {}).get("parameters", [])}
    inputs = {i["name"]: i for i in main_of(manifests, step).get("inputs", {}).get("parameters", [])}
    assert arguments <= set(inputs)
    for name, parameter in inputs.items():
        assert "value" in parameter or name in arguments, name


def test_what_changes_data_holds_the_lock(manifests) -> None:
    without = {"plan", "list", "report"}
    for name in (*ALONE, "update"):
        lock = spec(manifests, name).get("synchronization")
        assert lock == (None if name in without else {"mutexes": [{"name": "cosmogony-update"}]}), name


def test_update_has_every_mode_its_role_has(manifests) -> None:
    (mode,) = (p for p in spec(manifests, "update")["arguments"]["parameters"] if p["name"] == "mode")
    specs = yaml.safe_load((CHECKOUT / "roles/data_update/meta/argument_specs.yml").read_text())
    choices = specs["argument_specs"]["main"]["options"]["data_update_mode"]["choices"]
    assert [choice for choice in choices if choice] == mode["enum"]
    assert mode["enum"] == ["full", "changed", "source", "reimport", "tiles"]
    assert {name: task["when"] for name, task in tasks(manifests, "main").items()} == {
        "update": "{{workflow.parameters.mode}} != tiles",
        "store-tiles": "{{workflow.parameters.mode}} == tiles",
    }


def test_tiles_only_is_the_live_release(manifests) -> None:
    (step,) = tasks(manifests, "store-tiles").values()
    assert (step["template"], given(step)) == ("tiles", {"release": ""})


def test_update_goes_in_order(manifests) -> None:
    assert tasks(manifests, "update")["release"]["when"] == "{{tasks.plan.outputs.parameters.changed}} == true"
    depends = {name: task.get("depends") for name, task in tasks(manifests, "release").items()}
    assert depends == {
        "source": None,
        "merge": "source.Succeeded || source.Skipped",
        "load": "merge.Succeeded",
        "stats": "merge.Succeeded",
        "tiles": "load.Succeeded",
        "gate": "tiles.Succeeded && stats.Succeeded",
        "publish": "gate.Succeeded",
        "clean": "publish.Succeeded",
    }
    assert tasks(manifests, "source")["extract"]["depends"] == "fetch.Succeeded"


def test_a_run_passes_keys_and_numbers(manifests) -> None:
    """Whatever the number of sources: a list of them would be an argument that Linux does not take."""
    (source,) = (task for name, task in tasks(manifests, "release").items() if name == "source")
    assert source["withParam"] == "{{inputs.parameters.batches}}"
    assert given(source) == {"plan": "{{inputs.parameters.plan}}", "batch": "{{item}}"}
    disk = given(tasks(manifests, "source")["extract"])["disk"]
    assert disk == "{{tasks.fetch.outputs.parameters.disk}}"
    for name, task in {**tasks(manifests, "release"), **tasks(manifests, "source")}.items():
        assert given(task)["plan"] == "{{inputs.parameters.plan}}", f"{name} keeps the settings of its run"


def test_update_gives_each_step_what_it_asks_for(manifests, trex_manifests) -> None:
    for rendered in (manifests, trex_manifests):
        own = templates(rendered, "update")
        calls = [task for template in own.values() for task in template.get("dag", {}).get("tasks", [])]
        calls += [step for group in own["exit"]["steps"] for step in group]
        assert len(calls) >= 16
        for task in calls:
            inputs = {i["name"]: i for i in own[task["template"]].get("inputs", {}).get("parameters", [])}
            assert set(given(task)) <= set(inputs), task["name"]
            missing = {name for name, parameter in inputs.items() if "value" not in parameter} - set(given(task))
            assert missing == set(), task["name"]


def test_update_holds_its_steps_itself(manifests) -> None:
    """Argo keeps the spec that a run began with; templates of other objects it would look up when it reaches them."""
    own = templates(manifests, "update")
    for step in ALONE:
        if step not in ("backup", "list", "restore", "rollback"):
            assert own[step] == {**main_of(manifests, step), "name": step}
    assert len(json.dumps(manifests["cosmogony-update"])) < 64_000


def test_every_run_is_reported_and_a_failed_report_fails_nothing(manifests) -> None:
    """Argo calls a good run failed when its exit handler fails."""
    handler = templates(manifests, "update")[spec(manifests, "update")["onExit"]]
    steps = {step["name"]: step for group in handler["steps"] for step in group}
    assert {name: step["template"] for name, step in steps.items()} == {"report": "report", "clean": "clean"}
    for name, step in steps.items():
        assert step["continueOn"] == {"failed": True, "error": True}, name
    assert steps["clean"]["when"] == "{{workflow.status}} != Succeeded"
    parameters = given(steps["report"])
    assert parameters["status"] == "{{workflow.status}}"
    assert parameters["failures"] == "{{=sprig.trunc(8000, workflow.failures)}}", "whatever the number of failures"
    # A run that failed has none of them, and Argo would hand over the braces.
    assert not any("workflow.outputs" in value for value in parameters.values())


def test_ended_workflows_go_the_failed_ones_too(manifests) -> None:
    for name in (*ALONE, "update"):
        ttl = spec(manifests, name)["ttlStrategy"]
        assert ttl["secondsAfterSuccess"] > 0 and ttl["secondsAfterFailure"] > 0, name


def test_update_tells_what_came_of_it(manifests) -> None:
    outputs = templates(manifests, "update")["update"]["outputs"]["parameters"]
    assert {output["globalName"] for output in outputs} == {"result", "release", "message"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"images": {"pipeline": "registry.example.org/pipeline@sha256:12"}}, "images.pipeline is"),
        ({"images": {"importer": "registry.example.org/importer:latest"}}, "images.importer is"),
        ({"images": {"dashboard": "registry.example.org:5000/dashboard"}}, "images.dashboard is"),
        ({"steps": {"load": {"scratch": "from-plan"}}}, "steps.load.scratch is from-plan"),
        ({"tiles": {"engine": "trex"}, "trex": {"image": ""}}, "trex.image is ''"),
    ],
)
def test_what_cannot_be_rendered_is_named(rendered, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refused:
        rendered(settings)
    assert said in str(refused.value)
