# SPDX-License-Identifier: Apache-2.0
"""From an inventory to the values of the chart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]


def values(folder: Path, inventory: str, variables: dict[str, str]) -> dict[str, Any]:
    """What role chart would give to Helm."""
    target = folder / "values.json"
    role = {"name": "cosmogony.stack.chart", "tasks_from": "preflight.yml"}
    tasks = [
        {"ansible.builtin.import_role": role, "when": False},
        {"ansible.builtin.copy": {"content": "{{ __chart_values | to_json }}", "dest": str(target), "mode": "0600"}},
    ]
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook), "-i", f"inventories/{inventory}", "-c", "local",
         "-e", json.dumps({**variables, "ansible_python_interpreter": sys.executable})],
        capture_output=True, text=True, check=False, timeout=120, cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(target.read_text())


@pytest.mark.parametrize(
    ("inventory", "variables"),
    [
        ("local", {"cosmogony_sample": "liechtenstein"}),
        ("local", {"cosmogony_sample": "world", "cosmogony_source": "https://download.example.org/a.osm.pbf"}),
        ("prod", {}),
        ("kind", {}),
    ],
)
def test_data_of_openstreetmap_leaves_the_attribution_to_the_chart(tmp_path, inventory, variables):
    assert "attribution" not in values(tmp_path, inventory, variables)


def test_the_sample_world_has_its_attribution(tmp_path):
    credits = values(tmp_path, "local", {"cosmogony_sample": "world"})["attribution"]
    assert [credit["text"].partition(" (")[0] for credit in credits] == ["Natural Earth", "U.S. Census Bureau"]
    assert all(credit["url"].startswith("https://") for credit in credits)


@pytest.mark.parametrize(
    ("inventory", "given", "wanted"),
    [
        ("local", None, False),
        ("prod", None, False),
        ("prod", True, True),
        ("prod", "true", True),
        ("prod", "false", False),
        ("prod", "", False),
    ],
)
def test_the_original_zones_are_made_where_that_is_set(tmp_path, inventory, given, wanted):
    variables = {"cosmogony_sample": "liechtenstein"}
    variables |= {} if given is None else {"cosmogony_sources_as_original": given}
    assert values(tmp_path, inventory, variables)["data"]["sourcesAsOriginal"] is wanted
