# SPDX-License-Identifier: Apache-2.0
"""Processes as /proc lists them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

from cluster_node.commands import wait_until
from cluster_node.settings import Settings

# Environment variable of every daemon of the supervisor and of every containerd shim; its value names the cluster.
MARKER = "COSMOGONY_STACK_STATE"


@dataclasses.dataclass(frozen=True)
class Process:
    """A process as /proc shows it."""

    pid: int
    parent: int
    arguments: tuple[str, ...]
    marker: str

    @property
    def is_shim(self) -> bool:
        return bool(self.arguments) and Path(self.arguments[0]).name.startswith("containerd-shim")


def read_process(pid: int) -> Process | None:
    """Return the process with an id; None when it has ended, also when it is a zombie."""
    folder = Path(f"/proc/{pid}")
    try:
        arguments = (folder / "cmdline").read_bytes().split(b"\0")
        variables = (folder / "environ").read_bytes().split(b"\0")
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if not fields or fields[0] == "Z":
        return None
    prefix = f"{MARKER}=".encode()
    marker = next((value[len(prefix) :].decode() for value in variables if value.startswith(prefix)), "")
    return Process(
        pid=pid,
        parent=int(fields[1]),
        arguments=tuple(part.decode(errors="replace") for part in arguments if part),
        marker=marker,
    )


def list_processes() -> Iterator[Process]:
    """Yield all processes of this machine that are not zombies."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            process = read_process(int(entry.name))
            if process is not None:
                yield process


def find_own_processes(settings: Settings) -> list[Process]:
    """Return the daemons and containerd shims of this cluster, found by a variable in their environment."""
    return [
        process for process in list_processes() if process.marker == str(settings.state) and process.pid != os.getpid()
    ]


def find_descendants(roots: set[int]) -> set[int]:
    """Return the ids of the processes and of all their descendants."""
    children: dict[int, list[int]] = {}
    for process in list_processes():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return found


def end_processes(pids: Iterable[int], grace: float) -> None:
    """End processes by SIGTERM, and by SIGKILL after `grace` seconds; with 0 by SIGKILL immediately."""
    targets = set(pids) - {os.getpid(), 1}

    def send_signal(number: signal.Signals) -> None:
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def have_ended() -> bool:
        return not any(read_process(pid) for pid in targets)

    if grace > 0:
        send_signal(signal.SIGTERM)
        if wait_until(have_ended, grace):
            return
    send_signal(signal.SIGKILL)
    wait_until(have_ended, 10)
