# SPDX-License-Identifier: Apache-2.0
"""The README of the playbooks lists all of them with their tags, and each role names its tag."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from checkout import CHECKOUT

PLAYBOOKS = sorted((CHECKOUT / "playbooks").glob("*.yml"))
ROWS = re.findall(r"^\| `(\w+\.yml)` \|[^|]*\|([^|]*)\|", (CHECKOUT / "playbooks/README.md").read_text(), re.MULTILINE)
TAGS = {name: re.findall(r"`(\w+)`", cell) for name, cell in ROWS}


def test_every_playbook_is_listed() -> None:
    assert sorted(TAGS) == [path.name for path in PLAYBOOKS]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_tags_are_listed(path: Path) -> None:
    roles = [role for play in yaml.safe_load(path.read_text()) for role in play.get("roles", [])]
    tags = {role["role"].removeprefix("cosmogony.stack."): role["tags"] for role in roles if "tags" in role}
    assert sorted(TAGS[path.name]) == sorted({tag for names in tags.values() for tag in names})
    for name, names in tags.items():
        section = (CHECKOUT / f"roles/{name}/README.md").read_text().partition("## Tags")[2].partition("\n## ")[0]
        assert [tag for tag in names if f"`{tag}`" not in section] == [], name
