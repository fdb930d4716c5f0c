# SPDX-License-Identifier: Apache-2.0
"""Runs short commands and waits for their effects."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from cluster_node.settings import NodeError

CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run_command(
    command: Sequence[str],
    *,
    check: bool = True,
    stdin: str = "",
    timeout: float = 120,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end, and return its output and exit code.

    Raises:
        NodeError: the command failed; with what it printed. Not raised without `check`.
    """
    try:
        done = subprocess.run(
            list(command),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{CLEAN_PATH}", **(environment or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if not check:
            return subprocess.CompletedProcess(list(command), 127, "", str(error))
        raise NodeError(f"{command[0]}: {error}") from error
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise NodeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.2) -> bool:
    """Check a condition repeatedly; return True as soon as it holds, False when the time is over."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(interval)
