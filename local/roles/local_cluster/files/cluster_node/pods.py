# SPDX-License-Identifier: Apache-2.0
"""Pods, as containerd and the control groups of the kubelet have them."""

from __future__ import annotations

import contextlib
import re
import shutil

from cluster_node.cgroups import list_cgroups
from cluster_node.commands import run_command, wait_until
from cluster_node.processes import find_descendants, find_own_processes
from cluster_node.settings import Settings

POD_GRACE_SECONDS = 20.0
CONTAINERS_ONLY = 'labels."io.cri-containerd.kind"==container'


def find_pod_processes(settings: Settings) -> set[int]:
    """Return the ids of all processes of pods: containerd's shims, their children, and those in kubelet's cgroups."""
    pids = find_descendants({process.pid for process in find_own_processes(settings) if process.is_shim})
    for folder in list_cgroups(("kubepods",)):
        with contextlib.suppress(OSError):
            pids |= {int(line) for line in (folder / "cgroup.procs").read_text(encoding="ascii").split()}
    return pids


def _run_ctr(settings: Settings, *arguments: str) -> str:
    """Run containerd's command for the pods; return what it printed, "" when it failed."""
    command = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", *arguments]
    done = run_command(command, check=False, timeout=20)
    return done.stdout if done.returncode == 0 else ""


def parse_running_tasks(text: str) -> set[str]:
    """Return the ids of running tasks in the output of `ctr tasks list` (TASK PID STATUS)."""
    return {match.group(1) for match in re.finditer(r"^(\S+)\s+\d+\s+RUNNING\b", text, re.MULTILINE)}


def _list_running_tasks(settings: Settings) -> set[str]:
    """Return the ids of containerd's running containers, sandboxes of pods included."""
    return parse_running_tasks(_run_ctr(settings, "tasks", "list"))


def stop_pods(settings: Settings) -> int:
    """Stop the containers of all pods and wait for their end; return how many ran. Kubelet must have ended before."""
    if not settings.containerd_socket.exists() or not shutil.which("ctr"):
        return 0
    containers = set(_run_ctr(settings, "containers", "list", "-q", CONTAINERS_ONLY).split())
    running = _list_running_tasks(settings)
    for identifier in running & containers:
        _run_ctr(settings, "tasks", "kill", identifier)
    wait_until(lambda: not _list_running_tasks(settings) & containers, POD_GRACE_SECONDS, 0.5)
    for identifier in _list_running_tasks(settings):
        _run_ctr(settings, "tasks", "kill", "--signal", "SIGKILL", identifier)
    wait_until(lambda: not _list_running_tasks(settings), 10, 0.5)
    return len(running)
