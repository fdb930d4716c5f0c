# SPDX-License-Identifier: Apache-2.0
"""The rights of the playbooks: what the lookup returns, and that documentation and manifests have the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_plays import evaluate
from checkout import CHECKOUT

RIGHTS = yaml.safe_load((CHECKOUT / "meta/cluster_rights.yml").read_text())


def find_verbs(rights: list[dict[str, Any]], resource: str) -> set[str]:
    return {verb for right in rights if right["resource"] == resource for verb in right["verbs"]}


def query(arguments: str) -> tuple[str, dict[str, Any]]:
    return f"query('cosmogony.stack.cluster_rights', {arguments})", {}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    cases = {
        "status": query("'namespace', playbooks=['status']"),
        "all": query("'namespace'"),
        "service": query("'service'"),
        "services": query("'service', namespaces=['minio', 'postgres']"),
        "no service": query("'service', namespaces=[]"),
        "no such scope": query("'village'"),
        "no such playbook": query("'cluster', playbooks=['upgrade']"),
    }
    return evaluate(tmp_path_factory.mktemp("rights"), cases)


def test_only_the_rights_of_the_playbooks_are_returned(answers: dict[str, Any]) -> None:
    assert find_verbs(answers["status"], "secrets") == {"get"}
    assert find_verbs(answers["status"], "deployments") == set()
    assert find_verbs(answers["all"], "secrets") > {"get", "delete"}


def test_rights_of_other_namespaces_are_returned_for_each(answers: dict[str, Any]) -> None:
    assert {right["namespace"] for right in answers["services"]} == {"minio", "postgres"}
    assert len(answers["services"]) == 2 * len(answers["service"])
    assert answers["no service"] == []


def test_unknown_scope_or_playbook_is_refused(answers: dict[str, Any]) -> None:
    assert "scope village: take one of namespace, service" in answers["no such scope"]
    assert "playbook upgrade: take some of site, update" in answers["no such playbook"]


def test_every_playbook_of_the_list_exists_and_the_others_use_no_cluster() -> None:
    playbooks = {path.stem for path in CHECKOUT.glob("playbooks/*.yml")}
    assert playbooks - {"awx", "migrate_from_seed"} == set(RIGHTS["playbooks"])
    named = {
        name
        for scope in ("namespace", "service", "controller", "cluster")
        for right in RIGHTS[scope]
        for name in right["verbs"]
    }
    assert named == set(RIGHTS["playbooks"])


def test_documentation_and_manifests_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "tools/make_permissions.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_role_preflight_checks_what_the_manifest_grants(tmp_path: Path) -> None:
    """Both are for all playbooks; an account that makes the namespace needs two more."""
    manifest = yaml.safe_load((CHECKOUT / "docs/permissions/role.yaml").read_text())
    granted = {
        (group, resource, verb)
        for rule in manifest["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    variables = {
        "cosmogony_storage_service": {"namespace": "minio", "name": "minio", "port": 9000},
        "cosmogony_database_service": {"namespace": "cosmogony", "name": "postgres", "port": 5432},
    }
    cases = {"stranger": ("__preflight_rights", {"chart_namespace_manage": False}), "maker": ("__preflight_rights", {})}
    vars_file = f"-e@{CHECKOUT}/roles/preflight/vars/main.yml"
    found = evaluate(tmp_path, cases, vars_file, variables=variables)
    inside = [right for right in found["stranger"] if "namespace" not in right]
    assert {(right["group"], right["resource"], verb) for right in inside for verb in right["verbs"]} == granted
    elsewhere = [right for right in found["stranger"] if "namespace" in right]
    assert {right["namespace"] for right in elsewhere} == {"minio"}
    assert find_verbs(elsewhere, "pods/portforward") == {"create", "get"}
    assert len(found["maker"]) == len(found["stranger"]) + 2
