# SPDX-License-Identifier: Apache-2.0
"""Role awx against a server that knows the API's fields and rules: what it makes, changes, leaves alone and removes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_plays import run_play
from checkout import CHECKOUT
from services.awx_api import AwxApi, serve_awx_api

PLAYBOOKS = [str(path.relative_to(CHECKOUT)) for path in sorted((CHECKOUT / "playbooks").glob("*.yml"))]
SITE = {
    "awx_token": "a-token-of-the-test",
    "awx_execution_environment_image": "registry.example.org/ee:1",
    "awx_project_url": "https://git.example.org/cosmogony.git",
    "awx_kubeconfig": "apiVersion: v1\nkind: Config\n",
    "awx_vault_values": {"vault_storage_secret_key": "s3cr3t", "vault_database_password": "p4ss"},
    "awx_notification_type": "webhook",
    "awx_notification_configuration": {"url": "https://chat.example.org/hook"},
    "awx_job_templates": {"stored_tiles": {"playbook": "playbooks/tile_cache.yml"}, "site": {"execute": False}},
    "cosmogony_gate_incomplete": "allow",
}
FEW: dict[str, Any] = {  # each template takes seconds, and all of them are made by the tests marked `long`
    "awx_job_templates": {
        **SITE["awx_job_templates"],
        **{key: {"state": "absent"} for key in ("backup", "rollback", "stop_update", "tile_cache")},
    }
}
NAMES = ["backup", "rollback", "site", "status", "stop update", "stored tiles", "tile cache", "update", "verify"]


class Run:
    """One run of the playbook: its exit code, its output on one line, and how many tasks changed something."""

    def __init__(self, folder: Path, address: str, *options: str, **change: Any) -> None:
        inventory = folder / "hosts.yml"
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        variables = {**SITE, "awx_url": address, **change}
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": host}, "vars": variables}}))
        environment = {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")}
        done = subprocess.run(
            [
                Path(sys.executable).with_name("ansible-playbook"),
                "-i",
                inventory,
                CHECKOUT / "playbooks/awx.yml",
                *options,
            ],
            env={**os.environ, **environment, "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=1500,
        )
        self.code = done.returncode
        self.said = " ".join((done.stdout + done.stderr).split())
        found = re.search(r"changed=(\d+)", done.stdout)
        self.changed = int(found[1]) if found else -1


@pytest.fixture
def served() -> Iterator[tuple[AwxApi, str]]:
    with serve_awx_api(PLAYBOOKS) as served:
        yield served


def test_awx_is_set_up_once(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    api, address = served
    first = Run(tmp_path, address, **FEW)
    assert first.code == 0, first.said[-3000:]
    assert "s3cr3t" not in first.said
    assert "p4ss" not in first.said
    kept = ["site", "status", "stored tiles", "update", "verify"]
    assert api.names("job_templates") == [f"Cosmogony {name}" for name in kept]
    update = api.find("job_templates", "Cosmogony update")
    assert (update["ask_job_type_on_launch"], update["allow_simultaneous"]) == (True, False)
    assert update["timeout"] > 0
    held = [
        api.objects["credentials"][number]["name"]
        for number in api.members["job_templates", update["id"], "credentials"]
    ]
    assert sorted(held) == ["Cosmogony cluster", "Cosmogony vault values"]
    injectors = api.find("credential_types", "Cosmogony vault values")["injectors"]["extra_vars"]
    assert injectors["vault_storage_secret_key"] == "{{ vault_storage_secret_key }}"
    source = api.find("inventory_sources", "Cosmogony")
    assert (source["overwrite"], source["overwrite_vars"], source["status"]) == (True, True, "successful")
    workflow = api.find("workflow_job_templates", "Cosmogony update and verify")
    assert api.names("workflow_job_template_nodes") == ["1_update", "2_verify", "3_status"]
    node = api.find("workflow_job_template_nodes", "1_update")
    after = api.members["workflow_job_template_nodes", node["id"], "success_nodes"]
    assert after == [api.find("workflow_job_template_nodes", "2_verify")["id"]]
    assert api.members["workflow_job_templates", workflow["id"], "notification_templates_error"]
    assert api.find("schedules", "Cosmogony nightly")["unified_job_template"] == workflow["id"]
    launched = {key[1] // 100 for key, teams in api.members.items() if key[0] == "roles" and teams}
    assert update["id"] in launched
    assert api.find("job_templates", "Cosmogony site")["id"] not in launched
    (mode,) = (one for one in api.surveys[update["id"]]["spec"] if one["variable"] == "data_update_mode")
    assert (mode["type"], mode["default"]) == ("multiplechoice", "full")
    assert api.surveys[workflow["id"]] == api.surveys[update["id"]]

    api.requests.clear()
    second = Run(tmp_path, address, **FEW)
    assert (second.code, second.changed, api.writes) == (0, 0, []), second.said[-3000:]


@pytest.mark.long
def test_check_mode_of_an_empty_awx_makes_nothing(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    api, address = served
    checked = Run(tmp_path, address, "--check")
    assert (checked.code, api.writes) == (0, []), checked.said
    assert checked.changed > 0
    assert "would be made" in checked.said


@pytest.mark.long
def test_changes_of_the_site_and_the_end(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    api, address = served
    assert Run(tmp_path, address).code == 0
    assert api.names("job_templates") == [f"Cosmogony {name}" for name in NAMES]
    update = api.find("job_templates", "Cosmogony update")
    api.requests.clear()
    change: dict[str, Any] = {
        "awx_job_templates": {"stored_tiles": {"state": "absent"}, "update": {"survey": ["cosmogony_gate_incomplete"]}},
        "awx_workflow_templates": {"update_and_verify": {"nodes": ["update", "status"]}},
    }
    checked = Run(tmp_path, address, "--check", **change)
    assert (checked.code, api.writes) == (0, []), checked.said[-3000:]
    assert checked.changed > 0
    changed = Run(tmp_path, address, **change)
    assert changed.code == 0, changed.said[-3000:]
    assert "Cosmogony stored tiles" not in api.names("job_templates")
    assert api.names("workflow_job_template_nodes") == ["1_update", "2_status"]
    (question,) = api.surveys[update["id"]]["spec"]
    assert (question["default"], question["choices"]) == ("allow", ["block", "allow"])
    assert Run(tmp_path, address, **change).changed == 0

    change["awx_vault_values"] = {**SITE["awx_vault_values"], "vault_registry_password": "t0k3n"}
    assert Run(tmp_path, address, **change).code == 0
    held = api.find("credentials", "Cosmogony vault values")
    assert set(held["inputs"]) == set(change["awx_vault_values"])
    assert held["id"] in api.members["job_templates", update["id"], "credentials"]
    assert Run(tmp_path, address, **change).changed == 0

    absent = Run(tmp_path, address, awx_state="absent")
    assert absent.code == 0, absent.said[-3000:]
    assert {plural: api.names(plural) for plural, left in api.objects.items() if left} == {
        "credential_types": ["OpenShift or Kubernetes API Bearer Token"]
    }
    assert Run(tmp_path, address, awx_state="absent").changed == 0


@pytest.mark.long
def test_a_failed_sync_ends_the_run(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    """A job on that inventory would run with the defaults of the roles."""
    api, address = served
    api.syncs["inventory_source"] = "failed"
    failed = Run(tmp_path, address)
    assert failed.code == 2
    assert api.names("job_templates") == []
    api.syncs["inventory_source"] = "successful"
    api.hosts = 0
    empty = Run(tmp_path, address)
    assert empty.code == 2
    assert "gave the inventory Cosmogony no host" in empty.said


def test_what_is_missing_is_named(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    """Two calls of the role in one play: each has its own options."""
    api, address = served
    wrong = {
        "schedule": {"awx_schedules": {"nightly": {"template": "updates"}}},
        "repository": {"awx_project_url": ""},
    }
    role = {"name": "cosmogony.stack.awx"}
    recorded = "{{ said | default({}) | combine({case: ansible_failed_result.msg}) }}"
    tasks: list[dict[str, Any]] = [
        {
            "block": [{"ansible.builtin.include_role": role, "vars": change}],
            "rescue": [{"ansible.builtin.set_fact": {"said": recorded}}],
            "vars": {"case": case},
        }
        for case, change in wrong.items()
    ]
    tasks.append({"ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": f"{tmp_path}/said"}})
    run_play(tmp_path, {"vars": {**SITE, "awx_url": address}, "tasks": tasks})
    said = json.loads((tmp_path / "said").read_text())
    assert "updates: awx_job_templates and awx_workflow_templates have no such template" in said["schedule"]
    assert "awx_project_url, the git repository" in said["repository"]
    assert api.writes == []
