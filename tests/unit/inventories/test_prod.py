# SPDX-License-Identifier: Apache-2.0
"""inventories/prod explains every setting that a site may need, and says nothing that the schema does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.plugin_utils._schema import (
    get_properties,
    load_schema,
    map_variable_names,
)
from checkout import CHECKOUT

FILES = sorted((CHECKOUT / "inventories/prod/group_vars/all").glob("*.yml"))
LINES = [line for path in FILES for line in path.read_text().splitlines()]
#: Settings of inventories/local only.
LOCAL = {"state_dir", "sample", "source", "country"}


def walk(schema: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every setting; of the steps the keys of one, because all have the same."""
    for key, sub in (get_properties(schema) or {}).items():
        if keys == ("steps",) and key != "extract":
            continue
        if get_properties(sub) is None:
            yield (*keys, key)
        else:
            yield from walk(sub, (*keys, key))


SETTINGS = [keys for keys in walk(load_schema()) if keys[0] not in LOCAL]


def load() -> dict[str, Any]:
    return {key: value for path in FILES for key, value in (yaml.safe_load(path.read_text()) or {}).items()}


@pytest.mark.parametrize("keys", SETTINGS, ids=".".join)
def test_every_setting_stands_there(keys: tuple[str, ...]) -> None:
    found: Any = load().get(f"cosmogony_{keys[0]}")
    for key in keys[1:]:
        assert isinstance(found, dict) and key in found, f"cosmogony_{'.'.join(keys)} is not in inventories/prod"
        found = found[key]
    assert found is not None


def test_every_entry_has_a_comment_above_it_or_above_its_neighbours() -> None:
    """A comment explains the keys that follow it directly."""
    for path in FILES:
        explained = False
        for line in path.read_text().splitlines():
            if not line.strip() or line == "---":
                explained = False
            elif "#" in line:
                explained = True
            elif re.match(r"\s*[a-z_]+:\s*$", line):  # a section: its keys are explained one by one
                continue
            else:
                assert explained, f"{path.name}: {line.strip()} is not explained"


def test_nothing_unknown_stands_there() -> None:
    assert {name for name in load() if name.startswith("cosmogony_")} <= set(map_variable_names())


def test_options_of_all_roles_that_site_yml_runs_are_listed() -> None:
    """Those that are not settings; `make docs` renews the file, test_contract compares it."""
    shown = {match[1] for line in LINES if (match := re.match(r"# ([a-z_]+): ", line))}
    assert {
        "chart_values",
        "chart_replicas",
        "chart_namespace_labels",
        "workflows_schedule",
        "preflight_expected_server",
        "images_build",
        "images_tags",
        "verify_timeout",
    } <= shown
    assert "data_update_override" not in shown
