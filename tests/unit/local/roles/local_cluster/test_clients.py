# SPDX-License-Identifier: Apache-2.0
"""Who uses the cluster while it is to be stopped."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys

import pytest
from cluster_node import clients, lifecycle, processes, sockets
from cluster_node.settings import NodeError

CONNECT = """
import socket, sys, time
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("connected", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def here(settings):
    """A cluster whose node range is loopback, so that real connections can be made."""
    return dataclasses.replace(settings, node_cidr="127.0.0.0/8")


@pytest.fixture
def connected():
    """Starts a process that holds a connection to 127.0.0.1 for some seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = []

        def start(seconds: float, **environment: str) -> subprocess.Popen:
            process = subprocess.Popen(
                [sys.executable, "-c", CONNECT, str(server.getsockname()[1]), str(seconds)],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
            )
            started.append(process)
            assert process.stdout.readline() == b"connected\n"
            return process

        yield start
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()


def pids(settings) -> set[int]:
    return {process.pid for process in clients.find_clients(settings)}


def test_a_connection_into_a_range_is_seen(here, connected):
    process = connected(60)
    assert process.pid in pids(here)


def test_connections_elsewhere_are_not(settings, connected):
    assert connected(60).pid not in pids(settings)


def test_the_clusters_own_processes_are_no_clients(here, connected):
    assert connected(60, **{processes.MARKER: str(here.state)}).pid not in pids(here)


def test_a_playbook_between_two_questions_is_one(settings, tmp_path):
    program = tmp_path / "ansible-playbook"
    program.write_text("import time; print(1, flush=True); time.sleep(60)")
    command = [sys.executable, str(program), "site.yml", "-i"]
    with (
        subprocess.Popen([*command, "inventories/local"], stdout=subprocess.PIPE) as ours,
        subprocess.Popen([*command, "inventories/prod"], stdout=subprocess.PIPE) as other,
    ):
        try:
            ours.stdout.readline(), other.stdout.readline()
            assert ours.pid in pids(settings)
            assert other.pid not in pids(settings)
        finally:
            ours.kill(), other.kill()


def test_stop_waits_for_them(here, connected, monkeypatch):
    process = connected(1.5)
    monkeypatch.setattr(
        lifecycle, "find_clients", lambda settings: [p for p in clients.find_clients(settings) if p.pid == process.pid]
    )
    lifecycle.wait_for_clients(here, 30)
    assert process.pid not in pids(here)


def test_stop_refuses_and_names_them(here, connected):
    process = connected(60)
    with pytest.raises(NodeError, match=rf"process {process.pid} \(.*Nothing was stopped.*make down"):
        lifecycle.stop_daemons(here, wait=0)


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("0100F30A:192B", "10.243.0.1 6443"),
        ("0000000000000000FFFF00000100600A:01BB", "10.96.0.1 443"),
        ("B80D01200000000067452301EFCDAB89:01BB", "2001:db8::123:4567:89ab:cdef 443"),
    ],
)
def test_addresses_of_the_kernels_tables(field, address):
    found, port = sockets.parse_socket_end(field)
    assert f"{found} {port}" == address
