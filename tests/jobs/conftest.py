# SPDX-License-Identifier: Apache-2.0
"""Jobs of AWX on the stack of scenario awx, which gives names and addresses in JOBS."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_plays import evaluate
from checkout import CHECKOUT
from scenario.jobs import ROWS, Jobs
from waiting import wait_for

ROLE = CHECKOUT / "roles/awx"
INVENTORY = "inventories/site/hosts.yml"


def read_given() -> dict[str, Any]:
    """Return what the scenario gives; its secrets are in no fixture, because a failure shows those."""
    text = os.environ.get("JOBS", "")
    assert text, "JOBS is not set: run `molecule test -s awx`, which gives it"
    found = dict(json.loads(text))
    assert found["namespace"].endswith("-molecule"), f"{found['namespace']} is not a namespace of the scenarios"
    return found


@pytest.fixture(scope="session")
def given() -> dict[str, Any]:
    return {name: value for name, value in read_given().items() if name != "secrets"}


@pytest.fixture(scope="session")
def jobs(given: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """The templates of role awx with their surveys, and an inventory of the project without secrets."""
    folder = tmp_path_factory.mktemp("awx")
    templates = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__awx_stack_job_templates"]
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        name: ("query('cosmogony.stack.awx_survey', *(__awx_stack_job_templates[case].survey | default([])))", {})
        for name in templates
    }
    surveys = evaluate(folder, cases, f"-e@{ROLE}/vars/main.yml")
    made = Jobs(
        folder, given["image"], given["docker_host"], Path(given["kubeconfig"]), read_given()["secrets"], surveys
    )
    inventory = made.make_project() / Path(INVENTORY).parent
    (inventory / "group_vars/all").mkdir(parents=True)
    (inventory / "hosts.yml").write_text((CHECKOUT / "inventories/prod/hosts.yml").read_text())
    variables = given["inventory"]
    variables["cosmogony_kubeconfig"] = "{{ lookup('ansible.builtin.env', 'K8S_AUTH_KUBECONFIG') }}"
    variables["cosmogony_storage"] |= {key: f"{{{{ vault_storage_{key} }}}}" for key in ("access_key", "secret_key")}
    variables["cosmogony_database"]["password"] = "{{ vault_database_password }}"
    (inventory / "group_vars/all/main.yml").write_text(yaml.safe_dump(variables))
    made.inventory.update(made.sync(INVENTORY))
    return made


@dataclass(frozen=True)
class Workflows:
    """The workflows in the namespace of the scenario."""

    given: dict[str, Any]

    def kubectl(self, *arguments: str) -> str:
        command = [
            self.given["kubectl"],
            f"--kubeconfig={self.given['kubeconfig']}",
            f"--namespace={self.given['namespace']}",
        ]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def phase(self, name: str) -> str:
        return str(
            json.loads(self.kubectl("get", "workflow", name, "--output=json")).get("status", {}).get("phase", "")
        )

    def wait_for_running(self) -> str:
        """Wait until an update runs; return its name."""

        def look() -> str | None:
            items = json.loads(self.kubectl("get", "workflows", "--output=json"))["items"]
            running = [one for one in items if one.get("status", {}).get("phase") == "Running"]
            return running[0]["metadata"]["name"] if running else None

        return str(wait_for(look, "a running update", limit=240))

    def suspend(self, name: str, suspended: bool) -> None:
        """Let no further step begin, or let them begin again."""
        change = json.dumps({"spec": {"suspend": suspended or None}})
        self.kubectl("patch", "workflow", name, "--type=merge", f"--patch={change}")


@pytest.fixture(scope="session")
def workflows(given: dict[str, Any]) -> Workflows:
    return Workflows(given)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.write_sep("=", "jobs")
        for line in ("template | survey | seen | last line", *ROWS):
            terminalreporter.write_line(line)
