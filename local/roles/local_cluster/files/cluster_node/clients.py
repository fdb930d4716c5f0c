# SPDX-License-Identifier: Apache-2.0
"""Finds processes on this machine that use the cluster; after a stop their packets would leave the machine."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from cluster_node.processes import Process, find_descendants, find_own_processes, list_processes, read_process
from cluster_node.settings import NodeError, Settings
from cluster_node.sockets import OPEN, list_sockets

PLAYBOOK_PROGRAMS = {"ansible-playbook", "molecule"}
LOCAL_INVENTORY = "inventories/local"


def _list_socket_inodes(pid: int) -> set[str]:
    """Return the inodes of the sockets that a process has open."""
    try:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _find_ancestors(pid: int) -> set[int]:
    """Return the ids of a process and of all its ancestors."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        process = read_process(pid)
        pid = process.parent if process else 0
    return found


def _runs_playbooks_here(process: Process) -> bool:
    """Return whether a process is ansible-playbook at work on this cluster; it need not have an open connection."""
    names = {Path(argument).name for argument in process.arguments[:2]}
    return bool(names & PLAYBOOK_PROGRAMS) and any(LOCAL_INVENTORY in argument for argument in process.arguments)


def find_clients(settings: Settings) -> list[Process]:
    """Return the processes that use the cluster but belong neither to it nor to this command."""
    networks = [ipaddress.ip_network(text) for text in settings.address_ranges]
    sockets = [socket for socket in list_sockets() if socket.state in OPEN]
    inodes = {socket.inode for socket in sockets if any(socket.peer in network for network in networks)}
    ours = find_descendants({process.pid for process in find_own_processes(settings)}) | _find_ancestors(os.getpid())
    others = [process for process in list_processes() if process.pid not in ours]
    return [
        process
        for process in others
        if _runs_playbooks_here(process) or not inodes.isdisjoint(_list_socket_inodes(process.pid))
    ]


def describe_clients(found: list[Process]) -> str:
    """Return the processes as text for messages: ids and the beginning of each command line."""
    return "; ".join(
        f"process {process.pid} ({' '.join(' '.join(process.arguments).split())[:80]})" for process in found
    )


def make_clients_error(found: list[Process], waited: float) -> NodeError:
    """Return the error for a stop that was refused because processes still use the cluster; it names them."""
    names = describe_clients(found)
    return NodeError(
        f"Still in use after {waited:.0f} s by {names}. Nothing was stopped, since their next requests"
        " would leave this machine. End them, or let them finish, and run `make down` again"
        " (make down ARGS='-e local_cluster_stop_anyway=true' does not wait for them)."
    )
