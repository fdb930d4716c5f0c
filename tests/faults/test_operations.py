# SPDX-License-Identifier: Apache-2.0
"""What playbooks/status.yml shows."""

from __future__ import annotations

import re

import pytest
from scenario.stack import LIECHTENSTEIN, Stack


def names(stack: Stack) -> set[str]:
    return {workflow["metadata"]["name"] for workflow in stack.cluster.workflows()}


@pytest.mark.quick
def test_status(stack: Stack) -> None:
    live = stack.site.release()
    before = names(stack)
    said = stack.playbook("playbooks/status.yml").succeeded()
    lines = [line.strip() for line in said.output.splitlines()]

    def one(pattern: str) -> str:
        found = [line for line in lines if re.search(pattern, line)]
        assert found, f"no line is like {pattern}:\n{said.output}"
        return found[0]

    assert re.search(rf"^live: {live}, published 20\d\d-.* UTC, [0-9.]+ hours ago, \d+ zones$", one("^live:"))
    assert re.search(r"of 2013-08-03, [0-9.]+ [kM]B, 1\d zones$", one(f"^input {LIECHTENSTEIN}"))
    one(r"^input luxembourg-latest\.osm\.pbf: luxembourg-200101\.osm\.pbf of ")
    assert re.search(r": live, \d+ zones, gate (passed|overridden.*), [0-9.]+ MB$", one(f"^{live}: live"))
    one(r"^cosmogony-update-\S+: Succeeded, 20.* UTC, \d+ s, (published|current) 20")
    one(r"^database \S+: [0-9.]+ MB$")
    for prefix in ("osm/", "cosmogony-data/parts/", "cosmogony-data/concat/", "releases/"):
        one(rf"^bucket {stack.settings.bucket}, {prefix}: [0-9.]+ \S+ in \d+ objects$")
    one(r"^workflows: \d+ with \d+ pods")
    one(r"/registry: [0-9.]+ [MG]B$")
    assert names(stack) == before, "it leaves no workflow behind"


def test_status_in_check_mode(stack: Stack) -> None:
    """It shows the same as without it, and runs no workflow."""
    before = names(stack)
    said = stack.playbook("playbooks/status.yml", "--check").succeeded()
    assert f"live: {stack.site.release()}, published" in said.text
    assert "kept releases: 3" in said.text
    assert re.search(r"database \S+: [0-9.]+ MB", said.text)
    assert names(stack) == before


def test_status_without_the_database(stack: Stack) -> None:
    """It shows what it can, and why not more."""
    stack.database.stop()
    try:
        said = stack.playbook("playbooks/status.yml").finish(limit=200)
    finally:
        stack.database.start()
    assert said.process.returncode == 0, said.output
    assert "could not be read: PostgreSQL" in said.text
    assert "live: not known, neither database nor API has answered" in said.text
    assert re.search(r"last runs: [1-9]", said.text)
