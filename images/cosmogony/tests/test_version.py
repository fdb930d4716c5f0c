# SPDX-License-Identifier: Apache-2.0
"""The build digest: changes with everything that can change zones, and with nothing else."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cosmogony.version import list_digested_files

PACKAGE = Path(__file__).parent.parent / "src/cosmogony"
LIBRARIES = {"numpy", "orjson", "osmium", "shapely"}


def imports(path: Path) -> tuple[set[Path], set[str]]:
    """Modules of the package that a module names, and the other packages it names."""
    inside, outside = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = path.relative_to(PACKAGE.parent).parts
            base = [*parts[: len(parts) - node.level], *([node.module] if node.module else [])] if node.level else []
            module = ".".join(base) or node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] != "cosmogony":
                outside.add(name.split(".")[0])
            elif (found := PACKAGE.parent / f"{name.replace('.', '/')}.py").is_file():
                inside.add(found)
    return inside, outside


def needed() -> tuple[set[Path], set[str]]:
    """All that generate and merge are made of, as far as their imports lead."""
    waiting = [PACKAGE / "generate.py", PACKAGE / "merge.py", PACKAGE / "rules.py"]
    seen, outside = set(waiting), set()
    while waiting:
        inside, others = imports(waiting.pop())
        outside |= others
        waiting += inside - seen
        seen |= inside
    return seen, outside


def digest(source: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from cosmogony.version import compute_program_digest; print(compute_program_digest())"],
        env={"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "cosmogony", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_build_digest_covers_every_imported_module() -> None:
    modules, outside = needed()
    assert len(modules) > 15
    assert modules <= set(list_digested_files(PACKAGE))
    others = {"pyarrow", "pyogrio", "cosmogony_steps"}  # write other formats; errors, log and names of formats
    assert outside - set(sys.stdlib_module_names) - others == LIBRARIES
    assert {path.name for path in list_digested_files(PACKAGE)} >= {"admin_levels.tsv"}


@pytest.mark.parametrize("file", ["zones/voronoi.py", "merge.py", "data/admin_levels.tsv"])
def test_another_extractor_has_another_digest(copy: Path, file: str) -> None:
    before = digest(copy)
    path = copy / "cosmogony" / file
    path.write_bytes(path.read_bytes() + b"\n# edited\n")
    assert digest(copy) != before
