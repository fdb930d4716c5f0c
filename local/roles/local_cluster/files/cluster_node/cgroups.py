# SPDX-License-Identifier: Apache-2.0
"""Control groups of the cluster, of version 1 and 2."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
CGROUP_NAME = "cosmogony-stack"
# Names of the cluster's control groups: kubelet's, dockerd's (its cgroup-parent) and the supervisor's.
OWN_CGROUPS = ("kubepods", CGROUP_NAME)


def list_cgroups(names: Iterable[str] = OWN_CGROUPS) -> list[Path]:
    """Return the cluster's control groups, innermost first; version 1 has a tree per controller, version 2 only one."""
    roots = [CGROUP_ROOT] if (CGROUP_ROOT / "cgroup.controllers").exists() else sorted(CGROUP_ROOT.glob("*/"))
    found: list[Path] = []
    for root in roots:
        for name in names:
            if (root / name).is_dir():
                found += [Path(folder) for folder, _, _ in os.walk(root / name, topdown=False)]
    return found


def remove_empty_cgroups() -> int:
    """Remove the cluster's control groups that are empty; return how many were removed."""
    removed = 0
    for folder in list_cgroups():
        with contextlib.suppress(OSError):
            folder.rmdir()
            removed += 1
    return removed


def list_cgroup_files() -> list[Path]:
    """Return the cgroup.procs files into which a process writes its id to leave the control groups of its caller."""
    files = []
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if path == "/":
            continue
        root = CGROUP_ROOT / controllers.removeprefix("name=") if controllers else CGROUP_ROOT
        if not controllers and not (root / "cgroup.controllers").exists():
            root = CGROUP_ROOT / "unified"
        if root.is_dir():
            files.append(root / CGROUP_NAME / "cgroup.procs")
    return files
