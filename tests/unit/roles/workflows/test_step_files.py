# SPDX-License-Identifier: Apache-2.0
"""The files of the steps against the commands that they call: a wrong name would be noticed in the cluster only."""

from __future__ import annotations

import argparse
import ast
import inspect
from typing import Any

import cosmogony_dashboard.cli
import cosmogony_importer.cli
import cosmogony_pipeline.cli
import pytest
import yaml
from checkout import CHECKOUT
from cosmogony_pipeline.steps import plan_outputs
from cosmogony_steps.documents import CountStatus

FILES = sorted((CHECKOUT / "roles/workflows/files/steps").glob("*.yaml"))
PARSERS = {
    ("importer", "python", "import.py"): cosmogony_importer.cli.make_parser,
    ("pipeline", "cosmogony-pipeline"): cosmogony_pipeline.cli.make_parser,
    ("dashboard", "dashboard"): cosmogony_dashboard.cli.make_step_parser,
}
STEPS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
OURS = {name: step for name, step in STEPS.items() if step["image"] != "trex"}


def commands_of(step: dict[str, Any]) -> dict[str, argparse.ArgumentParser]:
    """The commands of the program that a step calls, by their names."""
    parser = PARSERS[(step["image"], *step["command"][:-1])]()
    (action,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    found: dict[str, argparse.ArgumentParser] = action.choices
    return found


def names_in(source: str) -> set[str]:
    """The keys of the dictionaries that are written out in a piece of program."""
    dictionaries = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict)]
    return {key.value for one in dictionaries for key in one.keys if isinstance(key, ast.Constant)}


def outputs_of(name: str) -> set[str]:
    """The outputs that the command of a step writes."""
    if name == "stats":  # a number for each of them
        return set(CountStatus)
    if name == "plan":
        return names_in(inspect.getsource(plan_outputs.make_outputs))
    step = OURS[name]
    module = inspect.getmodule(commands_of(step)[step["command"][-1]].get_default("run"))
    assert module is not None
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)]
    written = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "write_outputs"]
    return set().union(*(names_in(ast.unparse(call.args[1])) for call in written))


@pytest.mark.parametrize("name", OURS)
def test_its_command_is_there_and_takes_its_parameters(name: str) -> None:
    step = OURS[name]
    command = commands_of(step).get(step["command"][-1])
    assert command is not None, f"{step['image']} has no command {step['command'][-1]}"
    options = {option for action in command._actions for option in action.option_strings}
    given = [f"--{parameter['name']}" for parameter in step.get("parameters", [])]
    given = given if step.get("args") is None else [arg.split("=")[0] for arg in step["args"] if arg.startswith("--")]
    assert set(given) <= options, f"{name} gives options that its command does not know"


@pytest.mark.parametrize("name", OURS)
def test_its_command_writes_its_outputs(name: str) -> None:
    wanted = {entry if isinstance(entry, str) else entry["name"] for entry in OURS[name].get("outputs", [])}
    assert wanted <= outputs_of(name), f"{name} wants outputs that its command does not write"
