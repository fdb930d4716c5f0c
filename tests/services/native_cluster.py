# SPDX-License-Identifier: Apache-2.0
"""The native cluster of this machine, as its administrator."""

from __future__ import annotations

import subprocess

from .programs import STATE

ADMIN = STATE / "kubeconfig"


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """Run kubectl; return what it prints.

    Raises:
        AssertionError: it failed; with what it said.
    """
    command = [str(STATE / "bin/kubectl"), f"--kubeconfig={ADMIN}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout
