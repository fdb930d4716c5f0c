# SPDX-License-Identifier: Apache-2.0
"""Other commits of this repository, as files."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from checkout import CHECKOUT


@contextlib.contextmanager
def checkout(commit: str, repository: Path = CHECKOUT) -> Iterator[Path]:
    """Check out a commit into a temporary folder, which is gone after the block.

    Args:
        commit: Its 40 digits.
        repository: A checkout whose history has the commit.

    Raises:
        RuntimeError: When the history does not have it.
    """

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)

    known = git("cat-file", "-e", f"{commit}^{{commit}}")
    if known.returncode:
        raise RuntimeError(
            f"{repository} does not have commit {commit}, which this test deploys: {known.stderr.strip()}. "
            "Use a git clone with the whole history (git fetch --unshallow; in CI a checkout with fetch-depth 0)."
        )
    with tempfile.TemporaryDirectory(prefix="cosmogony-stack-") as folder:
        place = Path(folder) / "stack"
        try:
            added = git("worktree", "add", "--detach", str(place), commit)
            if added.returncode:
                raise RuntimeError(f"git worktree add {place}: {added.stderr.strip()}")
            yield place
        finally:
            git("worktree", "remove", "--force", str(place))
