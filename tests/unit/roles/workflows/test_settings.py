# SPDX-License-Identifier: Apache-2.0
"""From an inventory to what role workflows applies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import render_workflow_templates
import yaml
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import (
    RefusedSettingsError,
    check_and_complete_settings,
)
from checkout import CHECKOUT

IMAGES = {name: f"r.example.org/{name}:1" for name in ("pipeline", "importer", "dashboard", "web", "base")}

STORAGE = {"endpoint": "minio:9000", "existing_secret": "mine"}


def applied(folder: Path, variables: dict[str, Any], *parts: str) -> subprocess.CompletedProcess[str]:
    """Let the role render; what it would apply is in the file applied.json."""
    role = "cosmogony.stack.workflows"
    settings = "__workflows_settings_object.data['settings.json'] | from_json"
    shown = f"{{{{ {{'objects': __workflows_definitions, 'settings': {settings}}} }}}}"
    parts = parts or ("settings.yml", "render.yml")
    tasks = [{"ansible.builtin.import_role": {"name": role, "tasks_from": name}} for name in parts]
    tasks.append({"ansible.builtin.copy": {"content": shown, "dest": str(folder / "applied.json"), "mode": "0600"}})
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    given = {
        "images_references": IMAGES,
        "cosmogony_storage": STORAGE,
        **variables,
        "ansible_python_interpreter": sys.executable,
    }
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook), "-i", "inventories/prod", "-c", "local",
         "-e", json.dumps(given)],
        capture_output=True, text=True, check=False, timeout=120, cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip


def test_options_and_settings_of_both_spellings(tmp_path):
    done = applied(
        tmp_path,
        {
            "cosmogony_gate_incomplete": "allow",
            "cosmogony_gate": {"outside_tolerance_percent": "7"},
            "workflows_gate": {"max_loss_percent": 3},
            "cosmogony_steps": {"load": {"resources": {"requests": {"cpu": "2"}}}},
            "cosmogony_steps_load_deadline": "77",
            "cosmogony_storage_secret_key": "very-secret",
            "workflows_parallelism": "",
            "workflows_schedule": "15 3 * * *",
            "workflows_schedule_suspend": "true",
            "workflows_keep_failed_seconds": "60",
            "workflows_spec": {"priorityClassName": "low"},
            "cosmogony_argo_instance_id": "blue",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "applied.json").read_text()
    assert "very-secret" not in text + done.stdout + done.stderr
    found = json.loads(text)
    gate = found["settings"]["gate"]
    assert (gate["incomplete"], gate["outside_tolerance_percent"], gate["max_loss_percent"]) == ("allow", 7, 3)
    assert found["settings"]["format"] == 1
    assert found["settings"]["images"] == {name: IMAGES[name] for name in ("importer", "dashboard")}
    objects = {f"{made['kind']}/{made['metadata']['name']}": made for made in found["objects"]}
    load = objects["WorkflowTemplate/cosmogony-load"]["spec"]
    assert load["templates"][0]["container"]["resources"]["requests"]["cpu"] == "2"
    assert load["templates"][0]["activeDeadlineSeconds"] == 77
    assert (load["parallelism"], load["priorityClassName"]) == (2, "low")
    assert load["ttlStrategy"] == {"secondsAfterSuccess": 604800, "secondsAfterFailure": 60}
    cron = objects["CronWorkflow/cosmogony-update"]["spec"]
    assert (cron["schedules"], cron["suspend"], cron["concurrencyPolicy"]) == (["15 3 * * *"], True, "Forbid")
    assert cron["workflowSpec"] == {"parallelism": 2, "workflowTemplateRef": {"name": "cosmogony-update"}}
    assert all(made["metadata"]["namespace"] == "cosmogony" for made in found["objects"])
    labels = [made["metadata"]["labels"] for made in found["objects"]] + [cron["workflowMetadata"]["labels"]]
    assert {label["workflows.argoproj.io/controller-instanceid"] for label in labels} == {"blue"}


@pytest.mark.parametrize("schedule", ["", None, []])
def test_without_a_schedule_there_is_none(tmp_path, schedule):
    done = applied(tmp_path, {"workflows_schedule": schedule})
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "applied.json").read_text()
    assert "CronWorkflow" not in text
    assert "controller-instanceid" not in text


def test_what_is_wrong_is_named_all_at_once(tmp_path):
    done = applied(tmp_path, {"workflows_gate": {"max_lost": 3}, "workflows_tiles": {"max_stored_zoom": 15}})
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "workflows_gate.max_lost is not a setting" in said
    assert "workflows_tiles.max_stored_zoom is 15: give a whole number from 0 to 14" in said


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"cosmogony_sources": [{"url": "https://a/b.osm.pbf"}, {"url": "ftp://a/c.osm.pbf?key=hidden"}]},
            "the url of extract 1 (from 0) is not an address with http, https, s3 or file",
        ),
        (
            {"cosmogony_source_storage_access_key": "hidden", "cosmogony_source_storage_secret_key": "hidden"},
            "name it in cosmogony_source_storage_endpoint",
        ),
        ({"images_references": {}}, "No image for pipeline, importer, dashboard"),
        (
            {"cosmogony_storage": {"endpoint": "minio:9000"}},
            "No credentials for the S3 store: name an existing Secret in cosmogony_storage_existing_secret",
        ),
        ({"cosmogony_tiles_engine": "trex"}, "cosmogony_trex_image is empty"),
        ({"cosmogony_report_webhook_secret": "https://hooks.example.org/hidden"}, "cosmogony_report_webhook_secret"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_touched(tmp_path, variables, said):
    done = applied(tmp_path, variables, "preflight.yml")
    output = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert said in output
    if "webhook" not in said:
        assert "hidden" not in output


def test_what_all_pods_share_reaches_every_step():
    pods = {
        "run_as_user": 1000660000,
        "node_selector": {"disk": "ssd"},
        "tolerations": [{"key": "geo", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priority_class": "high",
        "labels": {"team": "geo"},
        "env": {"LEVEL": 3},
        "env_secrets": ["extra"],
        "volumes": [{"name": "extra", "emptyDir": {}}],
        "volume_mounts": [{"name": "extra", "mountPath": "/extra"}],
    }
    proxy = {"https": "http://proxy.example.org:3128"}
    manifests = render_workflow_templates.render_manifests(
        {"pods": pods, "proxy": proxy, "image_pull_secrets": ["registry"]}
    )
    assert len(manifests) > 10
    for manifest in manifests:
        name, spec = manifest["metadata"]["name"], manifest["spec"]
        security = spec["securityContext"]
        assert security["runAsUser"] == security["fsGroup"] == 1000660000 and security["runAsNonRoot"], name
        assert (spec["nodeSelector"], spec["tolerations"]) == (pods["node_selector"], pods["tolerations"]), name
        assert (spec["podPriorityClassName"], spec["imagePullSecrets"]) == ("high", [{"name": "registry"}]), name
        assert spec["podMetadata"]["labels"]["team"] == "geo", name
        assert spec["podMetadata"]["labels"]["app.kubernetes.io/part-of"] == "cosmogony", name
        for template in spec["templates"]:
            if "container" not in template:
                continue
            container = template["container"]
            env = {entry["name"]: entry.get("value") for entry in container["env"]}
            assert (env["HTTPS_PROXY"], env["LEVEL"]) == ("http://proxy.example.org:3128", "3"), name
            assert ".svc" in env["NO_PROXY"] and "HTTP_PROXY" not in env, name
            assert container["envFrom"] == [{"secretRef": {"name": "extra"}}], name
            assert pods["volumes"][0] in template["volumes"], name
            assert pods["volume_mounts"][0] in container["volumeMounts"], name


def test_the_cluster_may_choose_the_user():
    for manifest in render_workflow_templates.render_manifests({"pods": {"run_as_user": 0}}):
        security = manifest["spec"]["securityContext"]
        assert security["runAsNonRoot"] and {"runAsUser", "runAsGroup", "fsGroup"}.isdisjoint(security)


def test_a_proxy_with_a_password_is_refused():
    with pytest.raises(RefusedSettingsError, match=r"proxy\.https is http://…@proxy") as refused:
        check_and_complete_settings({"proxy": {"https": "http://geo:secret@proxy.example.org:3128"}})
    assert "secret" not in str(refused.value).replace("env_secrets", "")
