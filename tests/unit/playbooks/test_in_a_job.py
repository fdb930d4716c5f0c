# SPDX-License-Identifier: Apache-2.0
"""Playbooks as a job of AWX runs them: an empty inventory, another machine, and messages that can be followed there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_plays import evaluate
from checkout import CHECKOUT

JOB = {"awx_job_id": 7, "awx_job_template_name": "Cosmogony update", "awx_inventory_name": "Cosmogony"}
CHECK = "tasks/check_inventory.yml"


def run(playbook: str, inventory: Path, **variables: Any) -> tuple[int, str]:
    environment = {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(inventory.parent / "tmp")}
    command = [Path(sys.executable).with_name("ansible-playbook"), CHECKOUT / "playbooks" / playbook, "-i", inventory]
    done = subprocess.run(
        [*map(str, command), "-e", json.dumps(variables)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("path", sorted((CHECKOUT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_every_playbook_of_a_site_begins_with_the_check(path: Path) -> None:
    (play,) = yaml.safe_load(path.read_text())
    first = (play.get("pre_tasks") or [{}])[0]
    assert (first.get("ansible.builtin.import_tasks") == CHECK) == (not path.name.startswith("local")), first


def test_an_empty_inventory_is_refused(tmp_path: Path) -> None:
    """AWX runs the play with it when the sync of the source failed: on the implicit localhost, with all defaults."""
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {hosts: {}}\n")
    code, said = run("status.yml", inventory, **JOB)
    assert code == 2, said
    assert "The inventory has no host" in said
    assert "Sync the source of the inventory Cosmogony in AWX" in said
    assert "-i inventories/prod" in run("status.yml", inventory, x=1)[1]


def test_the_local_inventory_is_refused_in_another_machine(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    folder = tmp_path / "state"
    host = {"ansible_connection": "local", "cosmogony_state_dir": str(folder)}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": host}}}))
    code, said = run("status.yml", inventory, **JOB)
    assert code == 2, said
    assert "only works on the machine of the local cluster" in said
    assert not folder.exists(), "no password was made"


def test_a_failure_says_what_to_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    template = CHECKOUT / "roles/data_update/templates/go_on.j2"
    failure = {"msg": "Workflow x failed.", "failed_nodes": []}
    options = {"mode": "source", "source": "a.osm.pbf", "reason": "", "override": ""}
    given = {"__data_update_failure": failure, "__data_update_options": options}
    cases = {
        "command": (f"lookup('ansible.builtin.template', '{template}') | cosmogony.stack.format_message", given),
        "job": (f"lookup('ansible.builtin.template', '{template}') | cosmogony.stack.format_message", {**given, **JOB}),
        "running": (
            f"lookup('ansible.builtin.template', '{template}') | cosmogony.stack.format_message",
            {**given, **JOB, "__data_update_failure": {"msg": "It runs.", "running": True}},
        ),
    }
    published = {"__data_update_failure": {**failure, "outputs": {"published": "R"}}}
    cases["published"] = (cases["command"][0], {**given, **published})
    lines = evaluate(tmp_path, cases)
    assert lines["command"][0] == "Workflow x failed."
    assert lines["command"][1].startswith("The live release is untouched.")
    assert lines["published"][1].startswith("Release R is published; a step after that failed.")
    assert lines["command"][2].endswith("-e update_mode=source -e update_source=a.osm.pbf")
    assert lines["job"][2:] == [
        "  launch the template Cosmogony update again, answer data_update_mode: source, "
        "answer data_update_source: a.osm.pbf",
        "What the message above gives with -e update_NAME is the answer data_update_NAME of its survey.",
    ]
    assert "  launch the template Cosmogony update, answer data_update_when_running: follow" in lines["running"]
    assert not any("ansible-playbook" in line for line in lines["job"] + lines["running"])


def test_releases_that_a_stopped_update_had_published_are_named(tmp_path: Path) -> None:
    def stopped(*parameters: dict[str, str]) -> dict[str, Any]:
        return {"results": [{"resources": [{"status": {"outputs": {"parameters": list(parameters)}}}]}]}

    one = stopped({"name": "release", "value": "Q"}, {"name": "published", "value": "R"})
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "published": ("__stop_update_published", {"__stop_update_stopped": one}),
        "not yet": ("__stop_update_published", {"__stop_update_stopped": stopped()}),
        "no outputs": ("__stop_update_published", {"__stop_update_stopped": {"results": [{"resources": [{}]}]}}),
        "check mode": ("__stop_update_published", {"__stop_update_stopped": {"results": [{"skipped": True}]}}),
    }
    found = evaluate(tmp_path, cases, f"-e@{CHECKOUT / 'roles/stop_update/vars/main.yml'}")
    assert found == {"published": ["R"], "not yet": [], "no outputs": [], "check mode": []}


def test_the_site_of_a_job_is_not_on_its_loopback(tmp_path: Path) -> None:
    role = CHECKOUT / "roles/verify"
    urls = {"loopback": "http://127.0.0.1:8080", "name": "http://localhost", "public": "https://cosmogony.example.org"}
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        name: ("__verify_url", {**JOB, "verify_url": url}) for name, url in urls.items()
    }
    cases["outside of a job"] = ("__verify_url", {"verify_url": urls["loopback"]})
    asked = evaluate(tmp_path, cases, f"-e@{role}/vars/main.yml", variables={"role_path": str(role)})
    assert asked == {"loopback": "", "name": "", "public": urls["public"], "outside of a job": urls["loopback"]}
