# SPDX-License-Identifier: Apache-2.0
"""Tests of an image import what its package may import; `lint-imports` checks the packages themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from checkout import IMAGES

ALLOWED = {
    # the importer, with the formats of its files, makes the tables that the API reads
    "api": {"cosmogony_api", "cosmogony_importer", "cosmogony_steps"},
    "base": {"cosmogony_steps"},
    "cosmogony": {"cosmogony", "cosmogony_steps"},
    "dashboard": {"cosmogony_dashboard", "cosmogony_steps"},
    "importer": {"cosmogony_importer", "cosmogony_steps"},
    "pipeline": {"cosmogony_pipeline", "cosmogony", "cosmogony_steps"},
}


def imported_packages(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return {name for name in found if name.split("_")[0] == "cosmogony"}


def test_every_image_with_python_tests_is_listed() -> None:
    assert {path.parts[-3] for path in IMAGES.glob("*/tests/test_*.py")} == set(ALLOWED)


@pytest.mark.parametrize("image", ALLOWED)
def test_tests_import_what_their_image_may(image: str) -> None:
    for path in (IMAGES / image / "tests").rglob("*.py"):
        assert imported_packages(path) <= ALLOWED[image], path
