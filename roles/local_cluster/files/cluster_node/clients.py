# SPDX-License-Identifier: Apache-2.0
"""Who else on this machine talks to the cluster: after a stop their next packet would leave by the default route."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from cluster_node.common import NodeError, Process, Settings, descendants, own_processes, processes, read_process

OPEN_STATES = {"01", "02"}  # established, connecting (include/net/tcp_states.h)
PLAYBOOK_PROGRAMS = {"ansible-playbook", "molecule"}
LOCAL_INVENTORY = "inventories/local"


def remote_address(field: str) -> ipaddress.IPv4Address | None:
    """The address of /proc/net/tcp's `0100007F:1F90`, or of an IPv4 address in tcp6; None for IPv6."""
    text = field.partition(":")[0]
    if len(text) == 32:
        if not text.startswith("0000000000000000FFFF0000"):
            return None
        text = text[24:]
    return ipaddress.IPv4Address(bytes.fromhex(text)[::-1])


def connected_inodes(text: str, ranges: tuple[str, ...]) -> set[str]:
    """Sockets of a /proc/net/tcp or tcp6 text that are open towards one of the ranges."""
    networks = [ipaddress.IPv4Network(item) for item in ranges]
    found = set()
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] not in OPEN_STATES:
            continue
        address = remote_address(fields[2])
        if address is not None and any(address in network for network in networks):
            found.add(fields[9])
    return found


def socket_inodes(pid: int, proc: Path = Path("/proc")) -> Iterator[str]:
    try:
        links = [str(entry.readlink()) for entry in (proc / str(pid) / "fd").iterdir()]
    except OSError:
        return
    for link in links:
        if link.startswith("socket:["):
            yield link[8:-1]


def ancestors(pid: int) -> set[int]:
    """The process and all above it."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        process = read_process(pid)
        pid = process.parent if process else 0
    return found


def runs_playbooks_here(process: Process) -> bool:
    """A playbook is silent between two questions, but will ask again."""
    names = {Path(argument).name for argument in process.arguments[:2]}
    return bool(names & PLAYBOOK_PROGRAMS) and any(LOCAL_INVENTORY in argument for argument in process.arguments)


def clients(settings: Settings) -> list[Process]:
    """Processes that are neither the cluster's nor this command's, and use the cluster."""
    inodes: set[str] = set()
    for name in ("tcp", "tcp6"):
        path = Path("/proc/net") / name
        if path.exists():
            inodes |= connected_inodes(path.read_text(encoding="ascii"), settings.ranges)
    ours = descendants({process.pid for process in own_processes(settings)}) | ancestors(os.getpid())
    return [
        process
        for process in processes()
        if process.pid not in ours
        and (runs_playbooks_here(process) or not inodes.isdisjoint(socket_inodes(process.pid)))
    ]


def describe(found: list[Process]) -> str:
    return "; ".join(
        f"process {process.pid} ({' '.join(' '.join(process.arguments).split())[:80]})" for process in found
    )


def refuse(found: list[Process], waited: float) -> NodeError:
    return NodeError(
        f"Still in use after {waited:.0f} s by {describe(found)}. Nothing was stopped, since their next requests would"
        " leave this machine. End them, or let them finish, and run `make down` again"
        " (make down ARGS='-e local_cluster_stop_anyway=true' does not wait for them)."
    )
