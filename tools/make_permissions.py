#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/permissions.md and the manifests in docs/permissions, out of meta/cluster_rights.yml.

With --check nothing is written; files that are not up to date are named, and the exit code is 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from generated_files import ROOT, fill_between_markers, update_files

sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.cosmogony.stack.plugins.plugin_utils._rights import SCOPES, load_rights, select_rights

PAGE = ROOT / "docs/permissions.md"
FOLDER = ROOT / "docs/permissions"
#: File, kind and name of the object that grants the rights of a scope.
MANIFESTS = {
    "namespace": ("role.yaml", "Role", "cosmogony-deployer"),
    "service": ("role-service.yaml", "Role", "cosmogony-port-forward"),
    "controller": ("role-controller.yaml", "Role", "cosmogony-argo-reader"),
    "cluster": ("cluster-role.yaml", "ClusterRole", "cosmogony-deployer"),
}


def render_files() -> dict[Path, str | None]:
    """Return the page and the manifests, by path."""
    page = PAGE.read_text(encoding="utf-8")
    playbooks = load_rights()["playbooks"]
    page = fill_between_markers(
        page,
        "playbooks",
        ["| playbook | |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in playbooks.items())],
    )
    files: dict[Path, str | None] = {}
    for scope in SCOPES:
        page = fill_between_markers(page, scope, list_rows(scope))
        file, kind, name = MANIFESTS[scope]
        files[FOLDER / file] = render_manifest(scope, kind, name)
    return {PAGE: page, **files}


def list_rows(scope: str) -> list[str]:
    """Return the table of a scope: a row for each resource, a column for each playbook that uses any."""
    by_playbook = {
        name: {name_resource(right): " ".join(right["verbs"]) for right in select_rights(scope, [name])}
        for name in load_rights()["playbooks"]
    }
    used = {name: verbs for name, verbs in by_playbook.items() if verbs}
    rows = [f"| resource | {' | '.join(used)} |", "|---" * (len(used) + 1) + "|"]
    for resource in map(name_resource, select_rights(scope)):
        rows.append(f"| `{resource}` | {' | '.join(verbs.get(resource, '') for verbs in used.values())} |")
    return rows


def name_resource(right: dict[str, Any]) -> str:
    """Return the name of a resource as kubectl takes it: `deployments.apps`."""
    return f"{right['resource']}.{right['group']}" if right["group"] else str(right["resource"])


def render_manifest(scope: str, kind: str, name: str) -> str:
    """Return the Role or ClusterRole that grants the rights of a scope."""
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# `make docs` makes this file of meta/cluster_rights.yml.",
        "---",
        "apiVersion: rbac.authorization.k8s.io/v1",
        f"kind: {kind}",
        "metadata:",
        f"  name: {name}",
        "rules:",
    ]
    for right in select_rights(scope):
        lines.append(f"  - apiGroups: ['{right['group']}']")
        lines.append(f"    resources: [{right['resource']}]")
        lines.append(f"    verbs: [{', '.join(right['verbs'])}]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(update_files(render_files, "make docs", __doc__))
