# SPDX-License-Identifier: Apache-2.0
"""The filter given: what counts as blank and what does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[4] / "plugins/filter/given.py"
_spec = importlib.util.spec_from_file_location("given", SOURCE)
plugin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(plugin)
given = plugin.FilterModule().filters()["given"]


@pytest.mark.parametrize("blank", [None, "", " ", "\n\t"])
def test_blank_takes_the_default(blank):
    assert given(blank, 8) == 8
    assert given(blank) == ""


@pytest.mark.parametrize("value", [False, 0, 0.0, [], {}, "0", "false", "none", [None], " x "])
def test_anything_else_stays(value):
    assert given(value, "default") is value
