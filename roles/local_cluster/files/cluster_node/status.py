# SPDX-License-Identifier: Apache-2.0
"""Shows what runs, for `make status`."""

from __future__ import annotations

from typing import Any

from cluster_node.commands import run_command
from cluster_node.settings import Settings
from cluster_node.supervisor import find_supervisor, run_supervisorctl


def measure_disk_use(settings: Settings) -> dict[str, str]:
    """Return the space used by state and cache, as `du` prints it; mounts of pods do not count."""
    used = {}
    for path in (settings.state, settings.cache):
        if path.is_dir():
            done = run_command(["du", "-shx", str(path)], check=False, timeout=120)
            used[str(path)] = done.stdout.split("\t")[0] if done.stdout else "unknown"
    return used


def collect_status(settings: Settings) -> dict[str, Any]:
    """Return which daemons run, which programs there are and how much disk they use."""
    pid = find_supervisor(settings)
    daemons = run_supervisorctl(settings, "status").stdout.rstrip().splitlines() if pid else []
    return {
        "changed": False,
        "running": bool(pid),
        "daemons": daemons,
        "programs": [f"{program['name']} {program['version']}" for program in settings.programs],
        "disk": measure_disk_use(settings),
    }
