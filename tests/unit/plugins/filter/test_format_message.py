# SPDX-License-Identifier: Apache-2.0
"""Messages of several lines, as Ansible shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_plays import run_play

COMMAND = (
    "  ansible-playbook playbooks/update.yml -i inventories/prod -e update_mode=source -e update_source=a.osm.pbf "
    """-e '{"update_reason": "it'"'"'s: time"}'"""
)
LINES = ["Workflow x failed: no space left.", COMMAND]


def show(folder: Path, message: str | list[str]) -> str:
    shown = "{{ message | cosmogony.stack.format_message }}"
    play: dict[str, Any] = {"vars": {"message": message}, "tasks": [{"ansible.builtin.debug": {"msg": shown}}]}
    return run_play(folder, play).stdout


@pytest.mark.parametrize("message", ["\n".join(LINES) + "\n\n", ["", *LINES]], ids=["text", "list"])
def test_each_line_is_whole_in_yaml(message: str | list[str], tmp_path: Path) -> None:
    shown = show(tmp_path, message).splitlines()
    (at,) = [number for number, line in enumerate(shown) if line.strip() == LINES[0]]
    assert shown[at + 1].strip() == COMMAND.strip(), "a command can be copied as it stands"
    assert not "".join(shown[at + 2 : at + 3]).strip()


@pytest.mark.parametrize("message", ["\n".join(LINES) + "\n\n", ["", *LINES]], ids=["text", "list"])
def test_json_shows_a_list_of_lines(message: str | list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_CALLBACK_RESULT_FORMAT", "json")
    shown = show(tmp_path, message)
    start = shown.index("{", shown.index("=>"))
    assert json.JSONDecoder().raw_decode(shown[start:])[0]["msg"] == LINES
