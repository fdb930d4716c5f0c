# SPDX-License-Identifier: Apache-2.0
"""The collection as Galaxy gets it: what users need, without what developers need."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from checkout import CHECKOUT


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("collection")
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", f"--output-path={folder}", CHECKOUT]
    subprocess.run(command, check=True, capture_output=True)
    (archive,) = Path(folder).glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return {member.name for member in opened if member.isfile()}


def test_tests_and_results_stay_at_home(files: set[str]) -> None:
    kept = [name for name in files if "/tests/" in f"/{name}" or name.startswith("artifacts/")]
    assert sorted(kept) == [
        "roles/chart/files/cosmogony/templates/tests/verify.yaml",
        "tests/config.yml",
        *sorted(name for name in files if name.startswith("tests/sanity/ignore-")),
    ]


def test_everything_that_an_image_is_built_from_is_there(files: set[str]) -> None:
    for dockerfile in sorted(CHECKOUT.glob("images/*/Dockerfile")):
        folder = dockerfile.parent
        for line in dockerfile.read_text(encoding="utf-8").splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    name = str((folder / source).relative_to(CHECKOUT))
                    assert any(file == name or file.startswith(f"{name}/") for file in files), line
