# SPDX-License-Identifier: Apache-2.0
"""Nothing of the local cluster listens on an address that another machine could reach."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
from pathlib import Path

RUN = Path("/run/cosmogony-stack")
NODE_ADDRESS = ipaddress.ip_address("10.243.0.1")


def parent(pid: int) -> int:
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def ours(pid: int, supervisor: int) -> bool:
    """A child of our supervisor, or a container's shim (which detaches itself from containerd)."""
    while pid > 1:
        if pid == supervisor:
            return True
        try:
            command = (Path("/proc") / str(pid) / "cmdline").read_bytes()
        except FileNotFoundError:
            return False
        if str(RUN).encode() in command:
            return True
        pid = parent(pid)
    return False


def listening() -> list[tuple[str, int, str]]:
    found = []
    lines = subprocess.run(
        ["ss", "-H", "-l", "-t", "-u", "-n", "-p"], check=True, capture_output=True, text=True
    ).stdout
    for line in lines.splitlines():
        local = line.split()[4]
        for name, pid in re.findall(r'\("([^"]+)",pid=(\d+)', line):
            found.append((local, int(pid), name))
    return found


def address_of(local: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    host = local.rpartition(":")[0].partition("%")[0].strip("[]")
    return ipaddress.ip_address("0.0.0.0" if host == "*" else host)  # noqa: S104 - what is looked for


def test_only_loopback_and_the_node_address() -> None:
    supervisor = int((RUN / "supervisord.pid").read_text())
    os.kill(supervisor, 0)
    own = [(local, name) for local, pid, name in listening() if ours(pid, supervisor)]
    assert len(own) >= 5, f"the cluster's daemons were not recognised: {own}"
    public = [
        (local, name) for local, name in own if not (address_of(local).is_loopback or address_of(local) == NODE_ADDRESS)
    ]
    assert public == []
