# SPDX-License-Identifier: Apache-2.0
"""Mounts below the folders of the cluster."""

from __future__ import annotations

from pathlib import Path

from cluster_node.commands import run_command
from cluster_node.settings import NodeError, Settings


def parse_mounts(text: str) -> list[str]:
    """Return the mount points in the text of /proc/PID/mountinfo, in the order they were mounted."""
    points = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 4:
            points.append(fields[4].encode().decode("unicode_escape"))
    return points


def list_mounts(settings: Settings) -> list[str]:
    """Return the mount points below the cluster's folders, innermost and newest first."""
    roots = (f"{settings.state}/", f"{settings.run}/")
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return [point for point in reversed(parse_mounts(text)) if point.startswith(roots)]


def unmount_all(settings: Settings) -> int:
    """Unmount everything below the cluster's folders, detaching busy mounts; return how many there were."""
    count = 0
    for attempt in range(4):
        points = list_mounts(settings)
        if not points:
            break
        for point in points:
            options = ["-l"] if attempt >= 2 else []
            if run_command(["umount", *options, point], check=False).returncode == 0:
                count += 1
    left = list_mounts(settings)
    if left:
        raise NodeError(f"cannot unmount {', '.join(left[:5])}: see `fuser -vm {left[0]}`, then run the same again")
    return count
