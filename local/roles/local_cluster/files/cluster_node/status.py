# SPDX-License-Identifier: Apache-2.0
"""Status of the local cluster: daemons, programs and use of the disk, for `make status`."""

from __future__ import annotations

from typing import Any

from cluster_node.commands import run_command
from cluster_node.settings import Settings
from cluster_node.supervisor import find_supervisor, run_supervisorctl


def _measure_disk_use(settings: Settings) -> dict[str, str]:
    """Return the disk use of the cluster's state and cache by path, as `du -h` prints it, without mounts of pods."""
    used = {}
    for path in (settings.state, settings.cache):
        if path.is_dir():
            done = run_command(["du", "-shx", str(path)], check=False, timeout=120)
            used[str(path)] = done.stdout.split("\t")[0] if done.stdout else "unknown"
    return used


def collect_status(settings: Settings) -> dict[str, Any]:
    """Return which daemons run, the programs with their versions, and how much disk state and cache use."""
    pid = find_supervisor(settings)
    daemons = run_supervisorctl(settings, "status").stdout.rstrip().splitlines() if pid else []
    return {
        "changed": False,
        "running": bool(pid),
        "daemons": daemons,
        "programs": [f"{program['name']} {program['version']}" for program in settings.programs],
        "disk": _measure_disk_use(settings),
    }
