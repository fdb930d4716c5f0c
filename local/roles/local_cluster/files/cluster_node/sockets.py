# SPDX-License-Identifier: Apache-2.0
"""TCP sockets of this machine, as the kernel lists them in /proc/net."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterator
from pathlib import Path

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LISTENING = "0A"  # TCP state as /proc/net/tcp writes it (include/net/tcp_states.h in Linux)
OPEN = ("01", "02")  # TCP states established and connecting, as /proc/net/tcp writes them


@dataclasses.dataclass(frozen=True)
class Socket:
    """A socket: its two ends, its state and its inode, which identifies it among the files of processes."""

    address: Address
    port: int
    peer: Address
    state: str
    inode: str


def parse_sockets(text: str) -> Iterator[Socket]:
    """Yield the sockets in the text of /proc/net/tcp or tcp6."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9:
            address, port = parse_socket_end(fields[1])
            yield Socket(address, port, parse_socket_end(fields[2])[0], fields[3], fields[9])


def parse_socket_end(field: str) -> tuple[Address, int]:
    """Return IP address and port of a socket's end: `0100007F:1F90` gives 127.0.0.1 and 8080."""
    address, _, port = field.partition(":")
    raw = bytes.fromhex(address)
    parsed = ipaddress.ip_address(b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4)))
    return getattr(parsed, "ipv4_mapped", None) or parsed, int(port, 16)


def list_sockets() -> list[Socket]:
    """Return all TCP sockets of this machine, IPv4 and IPv6."""
    paths = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    return [socket for path in paths for socket in parse_sockets(path.read_text(encoding="ascii"))]
