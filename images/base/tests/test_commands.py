# SPDX-License-Identifier: Apache-2.0
"""Commands are found in their package."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from cosmogony_steps.commands import find_commands

COMMAND = """\
'''Do {name}.'''
from cosmogony_steps.commands import add_command_with_common_options

def register(subparsers):
    add_command_with_common_options(subparsers, '{name}', run, __doc__)

def run(options):
    print('{name}', options.plan)
"""


def test_each_module_with_a_function_register_is_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "found_commands"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "helper.py").write_text("VALUE = 1\n")
    for name in ("second", "first"):
        (folder / f"{name}.py").write_text(COMMAND.format(name=name))
    monkeypatch.syspath_prepend(tmp_path)
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for command in find_commands(importlib.import_module("found_commands")):
        command.register(subparsers)
    assert list(subparsers.choices) == ["first", "second"]
    options = parser.parse_args(["second", "--plan=runs/x/plan.json", "--set", "releases.keep=1"])
    options.run(options)
    assert capsys.readouterr().out == "second runs/x/plan.json\n"
    for name in [name for name in sys.modules if name.startswith("found_commands")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("package", ["cosmogony_dashboard", "cosmogony_importer", "cosmogony_pipeline"])
def test_a_program_starts_without_what_only_some_commands_need(package: str) -> None:
    check = (
        f"import sys, {package}.commands as package; from cosmogony_steps.commands import find_commands;"
        " assert find_commands(package); sys.exit(bool({'minio', 'shapely', 'simdjson'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
