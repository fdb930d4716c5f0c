# SPDX-License-Identifier: Apache-2.0
"""What runs, for people: `make status`."""

from __future__ import annotations

from typing import Any

from cluster_node.common import Settings, run
from cluster_node.lifecycle import supervisor_pid, supervisorctl


def disk_used(settings: Settings) -> dict[str, str]:
    """Used space of the folders one asks about. Mounts of pods are not followed."""
    used = {}
    for path in (settings.state, settings.cache):
        if path.is_dir():
            done = run(["du", "-shx", str(path)], check=False, timeout=120)
            used[str(path)] = done.stdout.split("\t")[0] if done.stdout else "unknown"
    return used


def status(settings: Settings) -> dict[str, Any]:
    pid = supervisor_pid(settings)
    daemons = supervisorctl(settings, "status").stdout.rstrip().splitlines() if pid else []
    return {
        "changed": False,
        "running": bool(pid),
        "daemons": daemons,
        "programs": [f"{program['name']} {program['version']}" for program in settings.programs],
        "disk": disk_used(settings),
    }
