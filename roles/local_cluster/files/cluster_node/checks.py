# SPDX-License-Identifier: Apache-2.0
"""Is this machine fit for the cluster? Everything that is missing, in one answer."""

from __future__ import annotations

import ipaddress
import json
import os
import resource
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster_node.common import Settings, own_processes, processes, run

# Ports of ours, beside the site's: (protocol address, port, who listens).
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


def split_listen(listen: str) -> tuple[str, int]:
    """'127.0.0.1:8080' or '[::]:8080'; ValueError says what is wrong."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"local_cluster_listen is {listen!r}, expected ADDRESS:PORT, for example 127.0.0.1:8080")
    try:
        ipaddress.ip_address(host)
    except ValueError as error:
        raise ValueError(f"local_cluster_listen is {listen!r}: {host!r} is not an IP address") from error
    return host, int(port)


def parse_sockets(text: str) -> list[tuple[str, int]]:
    """Listening (address, port) of a /proc/net/tcp or tcp6 text."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] != "0A":
            continue
        address, _, port = fields[1].rpartition(":")
        raw = bytes.fromhex(address)
        words = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
        found.append((str(ipaddress.ip_address(words)), int(port, 16)))
    return found


def listening() -> list[tuple[str, int]]:
    found = []
    for name in ("tcp", "tcp6"):
        path = Path("/proc/net") / name
        if path.exists():
            found += parse_sockets(path.read_text(encoding="ascii"))
    return found


def taken(sockets: Iterable[tuple[str, int]], address: str, port: int) -> bool:
    """Would binding address:port meet a listener?"""
    wanted = ipaddress.ip_address(address)
    for other, other_port in sockets:
        if other_port == port:
            bound = ipaddress.ip_address(other)
            if bound.is_unspecified or wanted.is_unspecified or bound == wanted:
                return True
    return False


def overlaps(ranges: Sequence[str], routes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Routes of other people's that meet our address ranges (`ip -json route show table all`)."""
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


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Debian packages that are not installed."""
    done = run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *wanted], check=False)
    installed = {
        line.split()[0] for line in done.stdout.splitlines() if line.split()[1:] and line.split()[1] == "installed"
    }
    return [package for package in wanted if package not in installed]


def memory_mb() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0


def free_disk_gb(path: Path) -> int:
    """Free space where a path is, or will be."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return shutil.disk_usage(existing).free // 1_000_000_000


def debian_release() -> str:
    path = Path("/etc/os-release")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    families = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    return values.get("VERSION_CODENAME", "unknown") if "debian" in families else ""


def forward_policy_drops() -> bool:
    """Another program (a Docker of the machine's own, a firewall) that drops forwarded packets stops every pod."""
    done = run(["iptables", "-S", "FORWARD"], check=False)
    return done.returncode == 0 and "-P FORWARD DROP" in done.stdout.splitlines()


def foreign_kubelets(settings: Settings) -> list[int]:
    """Another node on this machine would share control groups with ours; one inside a container (kind) does not."""

    def in_this_namespace(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
        except OSError:
            return False

    own = {process.pid for process in own_processes(settings)}
    return [
        process.pid
        for process in processes()
        if process.arguments
        and Path(process.arguments[0]).name == "kubelet"
        and process.pid not in own
        and in_this_namespace(process.pid)
    ]


def machine_problems(settings: Settings, to_build: Sequence[str]) -> list[str]:
    """What keeps the cluster from starting here, each with a next step."""
    problems: list[str] = []
    if os.geteuid() != 0:
        problems.append("not root: run the same command as root (sudo -H make local)")
    if not debian_release() or not shutil.which("apt-get"):
        problems.append("this is no Debian: the local cluster takes its parts from apt; use a Debian machine or VM")
    machine = os.uname().machine
    if machine not in ("x86_64", "aarch64"):
        problems.append(f"the processor is {machine}; x86_64 or aarch64 is needed")
    cpus = len(os.sched_getaffinity(0))
    if cpus < settings.minimum_cpus:
        problems.append(f"{cpus} CPU; at least {settings.minimum_cpus} are needed")
    memory = memory_mb()
    if memory < settings.minimum_memory_mb:
        problems.append(f"{memory} MB of memory; at least {settings.minimum_memory_mb} MB are needed")
    if to_build:
        free = free_disk_gb(settings.cache)
        if free < settings.minimum_disk_gb:
            problems.append(
                f"{free} GB free at {settings.cache}; {settings.minimum_disk_gb} GB are needed while "
                f"{', '.join(to_build)} are built: free some, or set local_cluster_cache_dir to a larger disk"
            )
    if not Path("/sys/fs/cgroup").is_dir():
        problems.append("/sys/fs/cgroup is not there: containers need control groups")
    for pid in foreign_kubelets(settings):
        problems.append(f"another Kubernetes node runs here (kubelet, process {pid}): stop it or use another machine")
    problems += network_problems(settings)
    return problems


def network_problems(settings: Settings) -> list[str]:
    problems: list[str] = []
    try:
        address, port = split_listen(settings.listen)
    except ValueError as error:
        return [str(error)]
    if not own_processes(settings):
        sockets = listening()
        for number, name in LOOPBACK_PORTS.items():
            if taken(sockets, "127.0.0.1", number):
                problems.append(f"port {number} on 127.0.0.1 is taken, {name} needs it (ss -lntp shows by whom)")
        if taken(sockets, address, port):
            problems.append(f"{settings.listen} is taken: free it, or choose another with LISTEN=ADDRESS:PORT")
    if shutil.which("ip"):
        routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout or "[]")
        problems += [
            f"{problem}: choose other ranges (local_cluster_node_cidr, _pod_cidr, _service_cidr)"
            for problem in overlaps(settings.ranges, routes)
        ]
    if forward_policy_drops():
        problems.append(
            "iptables drops all forwarded packets (policy DROP of chain FORWARD, often a Docker on this machine), "
            "so pods would reach nothing: iptables -P FORWARD ACCEPT, or stop that Docker"
        )
    return problems


def parse_nameservers(text: str) -> list[str]:
    """Name servers of a resolv.conf that a pod can reach too: loopback ones are this machine's own."""
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


def nameservers() -> list[str]:
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        if path.is_file():
            found = parse_nameservers(path.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found
    return []


def uplink_mtu() -> int:
    """Pods must not send larger packets than the link they leave by."""
    if shutil.which("ip"):
        for route in json.loads(run(["ip", "-json", "-4", "route", "show", "default"], check=False).stdout or "[]"):
            path = Path("/sys/class/net") / str(route.get("dev")) / "mtu"
            if path.is_file():
                return min(1500, int(path.read_text(encoding="ascii")))
    return 1500


def check_machine(settings: Settings) -> dict[str, Any]:
    to_build = [str(program["name"]) for program in settings.programs if not program["built"]]
    return {
        "changed": False,
        "problems": machine_problems(settings, to_build),
        "to_build": to_build,
        "missing_packages": missing_packages(settings.packages),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        "nameservers": nameservers(),
        "mtu": uplink_mtu(),
        "cgroup_v1": not Path("/sys/fs/cgroup/cgroup.controllers").exists(),
    }
