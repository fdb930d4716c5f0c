# SPDX-License-Identifier: Apache-2.0
"""Folders of the cache."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from program_builder.recipes import BuildError
from program_builder.runner import Runner, format_duration

LOCK_SECONDS = 6 * 3600.0  # for all that another build does


def remove_tree(path: Path) -> None:
    """Remove a folder whose files may be write-protected (Go's module cache)."""
    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def lock_cache(cache: Path, runner: Runner) -> Iterator[None]:
    """Keep other builds away from a cache; one that is at work is awaited, LOCK_SECONDS at most.

    Raises:
        BuildError: the other build did not end in time, or the wait was interrupted.
    """
    cache.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_SECONDS
    with (cache / ".lock").open("w", encoding="utf-8") as lock:
        waits = False
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if not waits:
                runner.print_progress(f"another build uses {cache}: waiting for it")
                waits = True
            if time.monotonic() > deadline:
                raise BuildError(
                    f"another build has used {cache} for {format_duration(LOCK_SECONDS)}\n"
                    f"  Next: `fuser -v {cache}/.lock` names it; end it or wait, then run the same command again."
                )
            if runner.stopped.wait(1):
                raise BuildError("stopped while another build was awaited; run the same command again")
        yield
