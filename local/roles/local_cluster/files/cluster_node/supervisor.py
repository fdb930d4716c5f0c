# SPDX-License-Identifier: Apache-2.0
"""Runs supervisorctl, and finds the supervisord that keeps the cluster's daemons running."""

from __future__ import annotations

import subprocess

from cluster_node.commands import run_command
from cluster_node.settings import Settings


def find_supervisor_program(settings: Settings, name: str) -> str:
    """Return the path of a program in the supervisor's virtual environment."""
    return str(settings.state / "tools" / "bin" / name)


def run_supervisorctl(settings: Settings, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    command = [find_supervisor_program(settings, "supervisorctl"), "-c", str(settings.supervisor_config), *arguments]
    return run_command(command, check=False, timeout=timeout)


def find_supervisor(settings: Settings) -> int:
    """Return the process id of the cluster's supervisord; 0 when it does not answer."""
    if not settings.supervisor_socket.exists() or not settings.supervisor_config.is_file():
        return 0
    done = run_supervisorctl(settings, "pid", timeout=20)
    return int(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip().isdigit() else 0
