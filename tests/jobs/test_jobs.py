# SPDX-License-Identifier: Apache-2.0
"""Every job template with typical and blank answers, in the execution environment; each test needs those before it."""

from __future__ import annotations

import re
from typing import Any

from scenario.jobs import Jobs

RELEASE = re.compile(r"\d{8}t\d{6}-[0-9a-f]{8}")
FOUND: dict[str, str] = {}  # releases that were published


def test_the_image_runs_as_any_user(jobs: Jobs) -> None:
    """It has no entry in /etc/passwd, a read-only root and no network, and all that playbooks need."""
    program = (
        "import getpass, os, pathlib; print(os.getuid(), getpass.getuser(), os.access(pathlib.Path.home(), os.W_OK))"
    )
    assert jobs.in_image("python3", "-c", program).stdout.split() == ["12345", "runner", "True"]
    assert jobs.in_image("helm", "version", "--short").stdout.startswith("v3.")
    listed = jobs.in_image("ansible-galaxy", "collection", "list").stdout
    for name in ("kubernetes.core", "community.docker", "community.postgresql", "awx.awx"):
        assert name in listed, listed
    assert jobs.in_image("touch", "/etc/x").returncode != 0


def test_production_is_an_inventory_source(jobs: Jobs) -> None:
    """Its sync needs no secret, and leaves templates to the jobs."""
    variables = jobs.sync("inventories/prod/hosts.yml")
    assert variables["cosmogony_storage"]["secret_key"] == "{{ vault_storage_secret_key | default('') }}"
    assert not [name for name in variables if name.startswith("vault_")]


def test_site_is_checked_then_installed(jobs: Jobs, given: dict[str, Any], workflows: Any) -> None:
    checked = jobs.run("site", check=True).succeeded()
    namespaces = workflows.kubectl("get", "namespaces", "--output=name").splitlines()
    assert f"namespace/{given['namespace']}" not in namespaces, checked.output
    jobs.run("site", {"data_update_run": "never"}).succeeded()
    assert workflows.kubectl("get", "workflows", "--output=name") == ""


def test_site_makes_the_first_release(jobs: Jobs) -> None:
    FOUND["first"] = RELEASE.findall(jobs.run("site").succeeded().output)[-1]


def test_status_and_verify(jobs: Jobs) -> None:
    assert FOUND["first"] in jobs.run("status").succeeded().output
    assert FOUND["first"] in jobs.run("status", {"status_runs": 2}).succeeded().output
    jobs.run("status", check=True).succeeded()
    jobs.run("verify").succeeded()


def test_update(jobs: Jobs) -> None:
    blank = jobs.run("update").succeeded()
    assert "Nothing is new" in blank.output
    assert blank.artifacts["update_workflow"].startswith("cosmogony-update")
    dry = jobs.run("update", {"data_update_mode": "changed", "data_update_dry_run": "true"}).succeeded()
    assert dry.artifacts["update_workflow"] == ""
    checked = jobs.run("update", {"data_update_reason": "check"}, check=True).succeeded()
    assert checked.artifacts["update_release"] == ""
    wrong = jobs.run("update", {"data_update_mode": "source", "data_update_source": "none.osm.pbf"}).failed()
    assert "none.osm.pbf" in wrong.output
    assert "ansible-playbook" not in wrong.output.split("TASK [")[-1]


def test_a_cancelled_update_is_stopped(jobs: Jobs, workflows: Any) -> None:
    with jobs.running("update", {"data_update_reason": "a job that is cancelled"}):
        name = workflows.wait_for_running()
    assert workflows.phase(name) == "Running", "it runs without its job"
    checked = jobs.run("stop_update", check=True).succeeded()
    assert f"Would stop {name}" in checked.output
    workflows.suspend(name, True)
    assert f"Stopped {name}." in jobs.run("stop_update").succeeded().output
    assert workflows.phase(name) == "Failed"
    assert "No update is running." in jobs.run("stop_update").succeeded().output
    other = jobs.run("stop_update", {"stop_update_workflow": "cosmogony-update-none"}).failed()
    assert "has no unfinished workflow cosmogony-update-none" in other.output
    assert FOUND["first"] in jobs.run("status").succeeded().output


def test_a_cancelled_update_is_followed(jobs: Jobs, workflows: Any) -> None:
    with jobs.running("update", {"data_update_reason": "a job that timed out"}):
        name = workflows.wait_for_running()
    workflows.suspend(name, True)
    refused = jobs.run("update").failed()
    assert "launch the template Cosmogony update, answer data_update_when_running: follow" in refused.output
    assert "launch the template that runs playbooks/stop_update.yml" in refused.output
    workflows.suspend(name, False)
    followed = jobs.run("update", {"data_update_when_running": "follow"}).succeeded()
    assert followed.artifacts["update_workflow"] == name
    assert followed.artifacts["update_result"] == "published"
    FOUND["second"] = followed.artifacts["update_release"]
    assert FOUND["second"] != FOUND["first"]


def test_rollback(jobs: Jobs) -> None:
    assert jobs.run("rollback").succeeded().artifacts["rollback_release"] not in ("", FOUND["second"])
    answers = {"rollback_to": FOUND["second"], "rollback_reason": "the newer one is right"}
    assert jobs.run("rollback", answers).succeeded().artifacts["rollback_release"] == FOUND["second"]


def test_tile_cache(jobs: Jobs) -> None:
    assert FOUND["second"] in jobs.run("tile_cache").succeeded().output
    warm = {"tile_cache_action": "warm", "tile_cache_country": "LI", "tile_cache_max_zoom": 9}
    jobs.run("tile_cache", {**warm, "tile_cache_estimate": "true"}).succeeded()
    jobs.run("tile_cache", warm).succeeded()


def test_backup(jobs: Jobs) -> None:
    made = jobs.run("backup").succeeded()
    assert f"Backup {made.artifacts['backup_id']} is complete." in made.output
