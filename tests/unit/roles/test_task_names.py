# SPDX-License-Identifier: Apache-2.0
"""Names of plays and tasks, and descriptions of entry points, begin with a verb of .config/task_verbs.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT, COLLECTIONS, ROLES

LINES = (CHECKOUT / ".config/task_verbs.txt").read_text().splitlines()
VERBS = [line for line in LINES if not line.startswith("#")]
PARTS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks")
PATTERNS = ("roles/*/tasks/**/*.yml", "playbooks/*.yml", "molecule/*/*.yml", "molecule/*/tasks/*.yml")
FILES = sorted(path for root in COLLECTIONS.values() for pattern in PATTERNS for path in root.glob(pattern))


def names(content: Any) -> Iterator[str]:
    """Every name of a play, a block or a task in a file; a file of another kind has none."""
    for entry in content if isinstance(content, list) else []:
        if isinstance(entry, dict):
            yield from filter(None, [entry.get("name")])
            for part in PARTS:
                yield from names(entry.get(part))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_names_begin_with_a_verb(path: Path) -> None:
    wrong = [name for name in names(yaml.safe_load(path.read_text())) if name.split()[0].strip(",") not in VERBS]
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_descriptions_of_entry_points_begin_with_a_verb(role: str) -> None:
    specs = yaml.safe_load((ROLES[role] / "meta/argument_specs.yml").read_text())["argument_specs"]
    words = [spec["short_description"].split()[0].strip(",") for spec in specs.values()]
    assert [word for word in words if word not in VERBS] == []


def test_the_verbs_are_sorted_and_used() -> None:
    text = "\n".join(path.read_text() for path in FILES)
    assert sorted(VERBS) == VERBS
    assert [verb for verb in VERBS if f"name: {verb}" not in text and f'name: "{verb}' not in text] == []
