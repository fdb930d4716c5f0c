# SPDX-License-Identifier: Apache-2.0
"""Another commit as files: there in the block, gone after it; without the history an error that says what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from scenario.checkouts import checkout


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of one file."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for text in ("earlier", "now"):
        (folder / "file").write_text(text)
        git(folder, "add", "file")
        git(folder, "commit", "--quiet", "--message", text)
    return folder


def test_commit_is_there_in_the_block_only(repository: Path) -> None:
    with checkout(git(repository, "rev-parse", "HEAD~"), repository) as folder:
        assert (folder / "file").read_text() == "earlier"
    assert not folder.parent.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_nothing_is_left_when_the_block_fails(repository: Path) -> None:
    with pytest.raises(KeyboardInterrupt), checkout(git(repository, "rev-parse", "HEAD~"), repository) as folder:
        (folder / "made by a build").touch()
        raise KeyboardInterrupt
    assert not folder.parent.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_shallow_clone_is_refused(repository: Path, tmp_path: Path) -> None:
    earlier = git(repository, "rev-parse", "HEAD~")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    with (
        pytest.raises(RuntimeError, match=rf"does not have commit {earlier}.*git fetch --unshallow"),
        checkout(earlier, tmp_path / "shallow"),
    ):
        pass


def test_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not a git repository"), checkout("0" * 40, tmp_path):
        pass
