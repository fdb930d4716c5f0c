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
    checked = Run(tmp_path, address, "--check")
    assert (checked.code, api.writes) == (0, []), checked.said
    assert checked.changed > 0
    assert "would be made" in checked.said

    first = Run(tmp_path, address)
    assert first.code == 0, first.said[-3000:]
    assert "s3cr3t" not in first.said
    assert "p4ss" not in first.said
    assert api.names("job_templates") == [f"Cosmogony {name}" for name in NAMES]
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
    second = Run(tmp_path, address)
    assert (second.code, second.changed, api.writes) == (0, 0, []), second.said[-3000:]


@pytest.mark.long
def test_changes_of_the_site_and_the_end(served: tuple[AwxApi, str], tmp_path: Path) -> None:
    api, address = served
    assert Run(tmp_path, address).code == 0
    update = api.find("job_templates", "Cosmogony update")
    api.requests.clear()
    change = {
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
    wrong = Run(tmp_path, served[1], awx_schedules={"nightly": {"template": "updates"}}, awx_project_url="x")
    assert "updates: awx_job_templates and awx_workflow_templates have no such template" in wrong.said
    nothing = Run(tmp_path, served[1], awx_project_url="")
    assert "awx_project_url, the git repository" in nothing.said
    assert json.dumps(served[0].writes) == "[]"
