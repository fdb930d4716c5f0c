# SPDX-License-Identifier: Apache-2.0
"""Documentation, examples and return values of every plugin can be read by Ansible's tools."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from checkout import COLLECTIONS

PLUGINS = sorted(
    path
    for root in COLLECTIONS.values()
    for kind in ("modules", "lookup", "filter")
    for path in (root / "plugins" / kind).glob("[!_]*.py")
)


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.stem)
def test_examples_are_a_list_of_tasks_and_returns_have_samples(path: Path) -> None:
    texts = {
        ast.unparse(node.targets[0]): yaml.safe_load(ast.literal_eval(node.value))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    }
    assert texts.keys() == {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    assert all("name" in task for task in texts["EXAMPLES"])
    assert all("sample" in value or "contains" in value for value in texts["RETURN"].values())
