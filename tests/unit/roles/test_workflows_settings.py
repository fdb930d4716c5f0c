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
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
IMAGES = {name: f"r.example.org/{name}:1" for name in ("pipeline", "importer", "dashboard", "web", "base")}


def applied(folder: Path, variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Let the role render; what it would apply is in the file applied.json."""
    role = "cosmogony.stack.workflows"
    settings = "__workflows_settings_object.data['settings.json'] | from_json"
    shown = f"{{{{ {{'objects': __workflows_definitions, 'settings': {settings}}} }}}}"
    tasks = [
        {"ansible.builtin.import_role": {"name": role, "tasks_from": name}} for name in ("settings.yml", "render.yml")
    ]
    tasks.append({"ansible.builtin.copy": {"content": shown, "dest": str(folder / "applied.json"), "mode": "0600"}})
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    given = {"images_references": IMAGES, **variables, "ansible_python_interpreter": sys.executable}
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
            "workflows_keep_failed": "60",
            "workflows_spec": {"priorityClassName": "low"},
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


@pytest.mark.parametrize("schedule", ["", None, []])
def test_without_a_schedule_there_is_none(tmp_path, schedule):
    done = applied(tmp_path, {"workflows_schedule": schedule})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CronWorkflow" not in (tmp_path / "applied.json").read_text()


def test_what_is_wrong_is_named_all_at_once(tmp_path):
    done = applied(tmp_path, {"workflows_gate": {"max_lost": 3}, "workflows_tiles": {"max_stored_zoom": 15}})
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "workflows_gate.max_lost is no setting" in said
    assert "workflows_tiles.max_stored_zoom is 15: give a whole number from 0 to 14" in said
