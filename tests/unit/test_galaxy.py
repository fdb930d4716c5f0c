# SPDX-License-Identifier: Apache-2.0
"""The collections as Galaxy gets them: what users need, without what developers need."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from checkout import CHECKOUT, COLLECTIONS, ROLES


def list_files(folder: Path) -> set[str]:
    """Names of the files of an archive, that of the only collection in a folder."""
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return {member.name for member in opened if member.isfile()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The files of each collection's archive."""
    files = {}
    for collection, root in COLLECTIONS.items():
        folder = tmp_path_factory.mktemp(collection)
        command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", f"--output-path={folder}", root]
        subprocess.run(command, check=True, capture_output=True)
        files[collection] = list_files(folder)
    return files


@pytest.fixture(scope="module")
def files(built: dict[str, set[str]]) -> set[str]:
    return built["cosmogony.stack"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_archive_is_complete(built: dict[str, set[str]], collection: str) -> None:
    assert {"CHANGELOG.md", "LICENSE", "README.md", "meta/runtime.yml"} <= built[collection]
    roles = {f"roles/{name.rpartition('.')[2]}/tasks/main.yml" for name in ROLES if name.startswith(collection)}
    assert roles == {name for name in built[collection] if re.fullmatch(r"roles/\w+/tasks/main\.yml", name)}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_tests_and_results_stay_at_home(built: dict[str, set[str]], collection: str) -> None:
    kept = {name for name in built[collection] if "/tests/" in f"/{name}" or name.startswith(("artifacts/", "local/"))}
    sanity = {name for name in kept if re.fullmatch(r"tests/sanity/ignore-[\d.]+\.txt", name)}
    chart = {"roles/chart/files/cosmogony/templates/tests/verify.yaml"}
    assert sanity
    assert kept - sanity - chart == {"tests/config.yml"}


def test_everything_that_an_image_is_built_from_is_there(files: set[str]) -> None:
    for dockerfile in sorted(CHECKOUT.glob("images/*/Dockerfile")):
        folder = dockerfile.parent
        for line in dockerfile.read_text(encoding="utf-8").splitlines():
            if line.startswith("COPY ") and "--from" not in line:
                for source in line.split()[1:-1]:
                    name = str((folder / source).relative_to(CHECKOUT))
                    assert any(file == name or file.startswith(f"{name}/") for file in files), line
