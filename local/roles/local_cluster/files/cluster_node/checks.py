# SPDX-License-Identifier: Apache-2.0
"""Checks whether the cluster can run on this machine, and reports all problems together."""

from __future__ import annotations

import ipaddress
import os
import platform
import resource
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster_node.commands import run_command
from cluster_node.network import run_ip_command
from cluster_node.processes import find_own_processes, list_processes
from cluster_node.settings import Settings
from cluster_node.sockets import LISTENING, Socket, list_sockets

# Ports on loopback that the cluster's programs listen on, in addition to the port of the site.
LOOPBACK_PORTS = {
    2379: "etcd",
    2380: "etcd",
    5000: "the registry",
    10248: "the kubelet's health check",
    10249: "kube-proxy's metrics",
    10256: "kube-proxy's health check",
    10257: "kube-controller-manager",
    10259: "kube-scheduler",
}


def split_listen_address(listen: str) -> tuple[str, int]:
    """Return address and port of text such as 127.0.0.1:8080 or [::]:8080.

    Raises:
        ValueError: the text is not such a pair; says what is wrong.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"local_cluster_listen is {listen!r}, expected ADDRESS:PORT, for example 127.0.0.1:8080")
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise ValueError(f"local_cluster_listen is {listen!r}: {host!r} is not an IP address") from error
    return host, int(port)


def is_port_taken(sockets: Iterable[Socket], address: str, port: int) -> bool:
    """Return whether another socket already listens on an address and port."""
    wanted = ipaddress.ip_address(address)
    bound = [socket.address for socket in sockets if socket.state == LISTENING and socket.port == port]
    return any(other.is_unspecified or wanted.is_unspecified or other == wanted for other in bound)


def find_route_overlaps(ranges: Sequence[str], routes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a message for each route of this machine that overlaps an address range of the cluster."""
    problems = []
    for route in routes:
        destination = str(route.get("dst", "default"))
        device = str(route.get("dev", ""))
        if destination == "default" or device in ("k8s0", "cni0") or device.startswith("veth"):
            continue
        try:
            network = ipaddress.ip_network(destination, strict=False)
        except ValueError:
            continue
        if network.version != 4 or network.prefixlen == 0 or network.is_multicast:
            continue
        if str(route.get("type")) == "unreachable" and str(network) in ranges:
            continue
        for own in ranges:
            if network.overlaps(ipaddress.ip_network(own)):
                problems.append(f"{own} overlaps the route {destination} on {device or 'this machine'}")
    return sorted(set(problems))


def _find_missing_packages(wanted: Sequence[str]) -> list[str]:
    """Return which of the given Debian packages are not installed."""
    done = run_command(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted], check=False)
    lines = set(done.stdout.splitlines())
    return [package for package in wanted if f"{package} installed" not in lines]


def _read_memory_mb() -> int:
    """Return the memory of this machine, in units of 1024² bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2


def _measure_free_disk_gb(path: Path) -> int:
    """Return the free space, in GB, of the file system where a path is or will be."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free // 1_000_000_000


def _is_debian() -> bool:
    """Return whether this machine runs Debian or a system made from it."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return "debian" in (release["ID"], *release.get("ID_LIKE", "").split())


def _drops_forwarded_packets() -> bool:
    """Return whether the machine's firewall drops forwarded packets, as another Docker sets it up."""
    done = run_command(["iptables", "-S", "FORWARD"], check=False)
    return done.returncode == 0 and "-P FORWARD DROP" in done.stdout.splitlines()


def find_foreign_kubelets(settings: Settings) -> list[int]:
    """Return the process ids of kubelets that are not the cluster's and run outside of containers."""

    def is_in_our_namespace(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
        except OSError:
            return False

    own = {process.pid for process in find_own_processes(settings)}
    return [
        process.pid
        for process in list_processes()
        if process.arguments
        and Path(process.arguments[0]).name == "kubelet"
        and process.pid not in own
        and is_in_our_namespace(process.pid)
    ]


def find_machine_problems(settings: Settings, to_build: Sequence[str]) -> list[str]:
    """Return a message, with a next step, for each problem that keeps the cluster from starting on this machine."""
    problems: list[str] = []
    if os.geteuid() != 0:
        problems.append("not root: run the same command as root (sudo -H make local)")
    if not _is_debian() or not shutil.which("apt-get"):
        problems.append("the local cluster needs packages of Debian: use a machine or VM that runs it")
    machine = os.uname().machine
    if machine not in ("x86_64", "aarch64"):
        problems.append(f"the processor is {machine}; x86_64 or aarch64 is needed")
    cpus = len(os.sched_getaffinity(0))
    if cpus < settings.minimum_cpus:
        problems.append(f"{cpus} CPU; at least {settings.minimum_cpus} are needed")
    memory = _read_memory_mb()
    if memory < settings.minimum_memory_mb:
        problems.append(f"{memory} MB of memory; at least {settings.minimum_memory_mb} MB are needed")
    if to_build:
        free = _measure_free_disk_gb(settings.cache)
        if free < settings.minimum_disk_gb:
            problems.append(
                f"{free} GB free at {settings.cache}; {settings.minimum_disk_gb} GB are needed while "
                f"{', '.join(to_build)} are built: free some, or set local_cluster_cache_dir to a larger disk"
            )
    if not Path("/sys/fs/cgroup").is_dir():
        problems.append("/sys/fs/cgroup is not there: containers need control groups")
    for pid in find_foreign_kubelets(settings):
        problems.append(f"another Kubernetes node runs here (kubelet, process {pid}): stop it or use another machine")
    problems += find_network_problems(settings)
    return problems


def find_network_problems(settings: Settings) -> list[str]:
    """Return a message, with a next step, for each problem of this machine with the cluster's network."""
    problems: list[str] = []
    try:
        address, port = split_listen_address(settings.listen)
    except ValueError as error:
        return [str(error)]
    if not find_own_processes(settings):
        sockets = list_sockets()
        for number, name in LOOPBACK_PORTS.items():
            if is_port_taken(sockets, "127.0.0.1", number):
                problems.append(f"port {number} on 127.0.0.1 is taken, {name} needs it (ss -lntp shows the process)")
        if is_port_taken(sockets, address, port):
            problems.append(f"{settings.listen} is taken: free it, or choose another with LISTEN=ADDRESS:PORT")
    if shutil.which("ip"):
        routes = run_ip_command("-4", "route", "show", "table", "all")
        problems += [
            f"{problem}: choose other ranges (local_cluster_node_cidr, _pod_cidr, _service_cidr)"
            for problem in find_route_overlaps(settings.address_ranges, routes)
        ]
    if _drops_forwarded_packets():
        problems.append(
            "iptables drops all forwarded packets (policy DROP of chain FORWARD, often a Docker on this machine), "
            "so pods would reach nothing: iptables -P FORWARD ACCEPT, or stop that Docker"
        )
    return problems


def parse_nameservers(text: str) -> list[str]:
    """Return the name servers of a resolv.conf, without those on loopback, which pods cannot reach."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 1 and fields[0] == "nameserver":
            try:
                address = ipaddress.ip_address(fields[1].split("%")[0])
            except ValueError:
                continue
            if not (address.is_loopback or address.is_link_local):
                found.append(str(address))
    return found[:3]


def _find_nameservers() -> list[str]:
    """Return the name servers that pods can use, those behind systemd-resolved included."""
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        if path.is_file():
            found = parse_nameservers(path.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found
    return []


def _read_uplink_mtu() -> int:
    """Return the MTU in bytes of the link of the default route; pods must not send larger packets."""
    if shutil.which("ip"):
        for route in run_ip_command("-4", "route", "show", "default"):
            path = Path("/sys/class/net") / str(route.get("dev")) / "mtu"
            if path.is_file():
                return min(1500, int(path.read_text(encoding="ascii")))
    return 1500


def check_machine(settings: Settings) -> dict[str, Any]:
    """Return the problems of this machine, and facts that the role needs: name servers, MTU, programs to build."""
    to_build = [str(program["name"]) for program in settings.programs if not program["built"]]
    return {
        "changed": False,
        "problems": find_machine_problems(settings, to_build),
        "to_build": to_build,
        "missing_packages": _find_missing_packages(settings.packages),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        "nameservers": _find_nameservers(),
        "mtu": _read_uplink_mtu(),
    }
