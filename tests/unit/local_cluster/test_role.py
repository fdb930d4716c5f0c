# SPDX-License-Identifier: Apache-2.0
"""The role's own files agree with each other, and its action plugin relays what a command says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ROLE = ROOT / "roles" / "local_cluster"


def test_every_setting_of_the_node_tool_is_given():
    import dataclasses

    from cluster_node.common import Settings

    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    assert set(variables["__local_cluster_settings"]) == {field.name for field in dataclasses.fields(Settings)}


@pytest.fixture
def plugin(monkeypatch):
    path = ROOT / "plugins" / "action" / "progress_command.py"
    spec = importlib.util.spec_from_file_location("progress_command_action", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shown: list[str] = []
    monkeypatch.setattr(module.display, "display", lambda text: shown.append(text))
    module.shown = shown
    return module


def test_lines_are_relayed_in_order_and_kept(plugin):
    code, lines, errors = plugin.relay(["sh", "-c", "cat; echo two; echo '{}'; echo bad >&2"], "one\n", "{")
    assert (code, lines, errors) == (0, ["one", "two", "{}"], "bad\n")
    assert plugin.shown == ["    one", "    two"]


def test_a_command_that_does_not_read_its_input_is_no_failure(plugin):
    code, lines, _ = plugin.relay(["true"], "x" * 1_000_000, "")
    assert (code, lines) == (0, [])


def test_the_exit_code_and_the_end_of_a_long_error_are_kept(plugin):
    code, _, errors = plugin.relay(["sh", "-c", "seq 1 5000 >&2; exit 3"], "", "")
    assert code == 3
    assert errors.endswith("4999\n5000\n")
    assert len(errors) <= plugin.STDERR_KEPT


def test_a_missing_program_is_named(plugin):
    with pytest.raises(plugin.AnsibleActionFail, match="/no/such/program"):
        plugin.relay(["/no/such/program"], "", "")
