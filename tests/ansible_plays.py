# SPDX-License-Identifier: Apache-2.0
"""Plays that evaluate templates, with the ansible-playbook of this environment and the collection of this checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from checkout import CHECKOUT


def evaluate(
    folder: Path,
    cases: Mapping[str, tuple[str, Mapping[str, Any]]],
    *options: str,
    variables: Mapping[str, Any] | None = None,
    inventory: str = "localhost,",
) -> dict[str, Any]:
    """Return the value of each expression, with the variables beside it; the message as text where it fails."""
    said = "{{{{ said | default({{}}) | combine({{case: {} }}) }}}}"
    tasks: list[dict[str, Any]] = [
        {
            "name": name,
            "vars": {**change, "case": name},
            "block": [{"ansible.builtin.set_fact": {"said": said.format(expression)}}],
            "rescue": [{"ansible.builtin.set_fact": {"said": said.format("ansible_failed_result | to_json")}}],
        }
        for name, (expression, change) in cases.items()
    ]
    tasks.append({"ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": f"{folder}/said"}})
    run_play(folder, {"vars": dict(variables or {}), "tasks": tasks}, *options, inventory=inventory)
    return dict(json.loads((folder / "said").read_text()))


def run_play(
    folder: Path, play: Mapping[str, Any], *options: str, inventory: str = "localhost,", limit: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a play on this machine; it must end well, within `limit` seconds."""
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, **play}]))
    command: Sequence[str | Path] = [
        Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, "-c", "local",
        "-e", f"ansible_python_interpreter={sys.executable}", *options, str(folder / "play.yml"),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")},
        capture_output=True, text=True, check=False, timeout=limit, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done
