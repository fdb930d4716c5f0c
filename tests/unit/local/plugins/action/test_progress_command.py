# SPDX-License-Identifier: Apache-2.0
"""The action plugin relays what a command says."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.local.plugins.action import progress_command
from ansible_plays import run_play


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that the user sees."""
    lines: list[str] = []
    monkeypatch.setattr(progress_command.display, "display", lines.append)
    return lines


def test_lines_are_relayed_in_order_and_kept(shown):
    code, lines, errors = progress_command.run_and_relay_lines(
        ["sh", "-c", "cat; echo two; echo '{}'; echo bad >&2"], "one\n", "{"
    )
    assert (code, lines, errors) == (0, ["one", "two", "{}"], "bad\n")
    assert shown == ["    one", "    two"]


def test_no_log_prints_nothing(tmp_path):
    task = {
        "name": "Speak",
        "cosmogony.local.progress_command": {"argv": ["echo", "a secret"]},
        "no_log": True,
        "register": "spoken",
    }
    check = {
        "name": "Check that the lines are returned",
        "ansible.builtin.assert": {"that": "spoken.stdout_lines == ['a secret']", "quiet": True},
    }
    assert "a secret" not in run_play(tmp_path, {"tasks": [task, check]}).stdout


def test_a_command_that_does_not_read_its_input_is_no_failure():
    code, lines, _ = progress_command.run_and_relay_lines(["true"], "x" * 1_000_000, "")
    assert (code, lines) == (0, [])


def test_the_exit_code_and_the_end_of_a_long_error_are_kept():
    code, _, errors = progress_command.run_and_relay_lines(["sh", "-c", "seq 1 5000 >&2; exit 3"], "", "")
    assert code == 3
    assert errors.endswith("4999\n5000\n")
    assert len(errors) <= progress_command.STDERR_KEPT


def test_a_missing_program_is_named():
    with pytest.raises(progress_command.AnsibleActionFail, match="/no/such/program"):
        progress_command.run_and_relay_lines(["/no/such/program"], "", "")
