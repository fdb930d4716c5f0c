# SPDX-License-Identifier: Apache-2.0
"""The checks before the long build: what they read and what they say."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import subprocess

import pytest
from cluster_node import checks
from cluster_node.mounts import parse_mounts
from cluster_node.pods import parse_running_tasks
from cluster_node.processes import MARKER
from cluster_node.sockets import LISTENING, Socket, parse_sockets
from hypothesis import given
from hypothesis import strategies as st

ANY = "0.0.0.0"  # noqa: S104
RANGES = ("10.243.0.0/16", "10.244.0.0/16", "10.96.0.0/16")
PROC_TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3 1
"""
PROC_TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000001000000:1388 00000000000000000000000000000000:0000 0A 00000000:00000000 0 0 0 0 0 0
"""


SOCKETS = [*parse_sockets(PROC_TCP), *parse_sockets(PROC_TCP6)]


def listening(address, port):
    return Socket(ipaddress.ip_address(address), port, ipaddress.ip_address(ANY), LISTENING, "1")


def test_sockets_are_read_with_their_ends_and_states():
    ends = [(str(socket.address), socket.port, str(socket.peer), socket.state) for socket in SOCKETS]
    assert ends == [
        ("127.0.0.1", 8080, ANY, "0A"),
        (ANY, 2024, ANY, "0A"),
        ("127.0.0.1", 50000, "127.0.0.1", "01"),
        ("::1", 5000, "::", "0A"),
    ]


@pytest.mark.parametrize(
    ("address", "port", "expected"),
    [
        ("127.0.0.1", 8080, True),
        ("10.0.0.5", 8080, False),
        (ANY, 8080, True),
        ("127.0.0.1", 2024, True),
        ("127.0.0.1", 5000, False),
        ("127.0.0.1", 50000, False),
    ],
)
def test_only_listening_sockets_take_a_port(address, port, expected):
    assert checks.is_port_taken(SOCKETS, address, port) is expected


@pytest.mark.parametrize(("text", "expected"), [("127.0.0.1:8080", ("127.0.0.1", 8080)), ("[::]:80", ("::", 80))])
def test_listen_is_split(text, expected):
    assert checks.split_listen_address(text) == expected


@pytest.mark.parametrize("text", ["8080", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "example.com:80", ":8080", ""])
def test_a_wrong_listen_is_named(text):
    with pytest.raises(ValueError, match="local_cluster_listen"):
        checks.split_listen_address(text)


@given(st.text(max_size=40))
def test_listen_never_fails_otherwise(text):
    try:
        host, port = checks.split_listen_address(text)
    except ValueError:
        return
    assert host
    assert 0 < port < 65536


def test_own_and_default_routes_do_not_overlap():
    routes = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "192.0.2.0/24", "dev": "eth0"},
        {"dst": "10.96.0.0/16", "dev": "k8s0"},
        {"dst": "10.244.0.7", "dev": "vethab12"},
        {"dst": "10.244.0.0/16", "type": "unreachable"},
        {"dst": "fd00::/64", "dev": "eth0"},
        {"dst": "127.0.0.0/8", "type": "local", "dev": "lo"},
    ]
    assert checks.find_route_overlaps(RANGES, routes) == []


def test_overlapping_routes_are_named_with_their_device():
    routes = [{"dst": "10.0.0.0/8", "dev": "tun0"}, {"dst": "10.96.3.0/24", "dev": "eth1"}]
    problems = checks.find_route_overlaps(RANGES, routes)
    assert len(problems) == 4
    assert "10.96.0.0/16 overlaps the route 10.96.3.0/24 on eth1" in problems
    assert "10.243.0.0/16 overlaps the route 10.0.0.0/8 on tun0" in problems


def test_loopback_name_servers_are_left_out():
    text = (
        "# comment\nsearch lan\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver bad\n"
    )
    assert checks.parse_nameservers(text) == ["192.0.2.1"]


def test_all_problems_come_in_one_answer(settings, monkeypatch):
    hungry = dataclasses.replace(settings, minimum_cpus=10_000, minimum_memory_mb=10**9, minimum_disk_gb=10**6)
    monkeypatch.setattr(checks, "find_own_processes", lambda _: [])
    monkeypatch.setattr(checks, "list_sockets", lambda: [listening(ANY, 8080), listening("127.0.0.1", 5000)])
    problems = "\n".join(checks.find_machine_problems(hungry, ["helm"]))
    for expected in ("CPU", "MB of memory", "GB free", "helm", "port 5000", "127.0.0.1:8080 is taken"):
        assert expected in problems
    # Disk counts only while there is something to build.
    assert "GB free" not in "\n".join(checks.find_machine_problems(hungry, []))


def test_ports_of_a_running_cluster_are_no_problem(settings, monkeypatch):
    monkeypatch.setattr(checks, "find_own_processes", lambda _: [object()])
    monkeypatch.setattr(checks, "list_sockets", lambda: [listening("127.0.0.1", 5000), listening("127.0.0.1", 8080)])
    assert not [problem for problem in checks.find_network_problems(settings) if "taken" in problem]


def test_mount_points_with_blanks_are_read():
    text = "36 35 98:0 /mnt1 /var/lib/a\\040b rw master:1 - ext3 /dev/root rw\n37 35 0:1 / /proc rw - proc proc rw\n"
    assert parse_mounts(text) == ["/var/lib/a b", "/proc"]


def test_only_running_tasks_are_read():
    text = "TASK    PID      STATUS    \nabc1    123      RUNNING\ndef2    0        STOPPED\n"
    assert parse_running_tasks(text) == {"abc1"}


def test_a_kubelet_of_somebody_else_is_named(settings, tmp_path):
    kubelet = tmp_path / "kubelet"
    kubelet.symlink_to("/bin/sleep")
    with subprocess.Popen([str(kubelet), "60"]) as foreign:
        try:
            assert foreign.pid in checks.find_foreign_kubelets(settings)
        finally:
            foreign.kill()
    marked = {**os.environ, MARKER: str(settings.state)}
    with subprocess.Popen([str(kubelet), "60"], env=marked) as ours:
        try:
            assert ours.pid not in checks.find_foreign_kubelets(settings)
        finally:
            ours.kill()
