# SPDX-License-Identifier: Apache-2.0
"""The rights at the Kubernetes API that the playbooks use (meta/cluster_rights.yml)."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).resolve().parents[2] / "meta/cluster_rights.yml"
SCOPES = ("namespace", "service", "controller", "cluster")


@functools.cache
def load_rights(path: Path = PATH) -> Mapping[str, Any]:
    """Read the file of the rights."""
    document: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def select_rights(scope: str, playbooks: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return the rights of one scope that some playbooks use, all of them by default.

    Returns:
        For each resource ``group``, ``resource`` and ``verbs``.

    Raises:
        KeyError: There is no such scope or playbook.
    """
    document = load_rights()
    if scope not in SCOPES:
        raise KeyError(f"scope {scope}: take one of {', '.join(SCOPES)}")
    known = document["playbooks"]
    if unknown := [name for name in playbooks or [] if name not in known]:
        raise KeyError(f"playbook {', '.join(unknown)}: take some of {', '.join(known)}")
    wanted = known if playbooks is None else playbooks
    selected = []
    for right in document[scope]:
        verbs = dict.fromkeys(verb for name, verbs in right["verbs"].items() if name in wanted for verb in verbs)
        if verbs:
            selected.append({"group": right.get("group", ""), "resource": right["resource"], "verbs": list(verbs)})
    return selected
