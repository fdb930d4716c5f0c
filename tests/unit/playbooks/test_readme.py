# SPDX-License-Identifier: Apache-2.0
"""The README of a collection's playbooks lists all of them with their tags, and each role names its tag."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from checkout import COLLECTIONS, ROLES

PLAYBOOKS = sorted(path for root in COLLECTIONS.values() for path in root.glob("playbooks/*.yml"))


def listed_tags(folder: Path) -> dict[str, list[str]]:
    """The tags of each playbook, as the README of its folder lists them."""
    rows = re.findall(r"^\| `(\w+\.yml)` \|[^|]*\|([^|]*)\|", (folder / "README.md").read_text(), re.MULTILINE)
    return {name: re.findall(r"`(\w+)`", cell) for name, cell in rows}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_playbook_is_listed(collection: str) -> None:
    folder = COLLECTIONS[collection] / "playbooks"
    assert sorted(listed_tags(folder)) == sorted(path.name for path in folder.glob("*.yml"))


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_tags_are_listed(path: Path) -> None:
    roles = [role for play in yaml.safe_load(path.read_text()) for role in play.get("roles", [])]
    tags = {role["role"]: role["tags"] for role in roles if "tags" in role}
    assert sorted(listed_tags(path.parent)[path.name]) == sorted({tag for names in tags.values() for tag in names})
    for name, names in tags.items():
        section = (ROLES[name] / "README.md").read_text().partition("## Tags")[2].partition("\n## ")[0]
        assert [tag for tag in names if f"`{tag}`" not in section] == [], name
