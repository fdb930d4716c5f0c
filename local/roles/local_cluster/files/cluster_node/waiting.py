# SPDX-License-Identifier: Apache-2.0
"""Waits until the node and cluster DNS are ready; an error says what was still wrong."""

from __future__ import annotations

import datetime
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from cluster_node.commands import run_command
from cluster_node.settings import NodeError, Settings

TICK_SECONDS = 10.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
LEASE_SECONDS = 20


def _read_from_api(settings: Settings, path: str) -> str:
    """Return the text that the API server answers to a GET.

    Raises:
        NodeError: it does not answer, or with an error.
    """
    kubectl = [f"{settings.state}/bin/kubectl", f"--kubeconfig={settings.state}/kubeconfig", "--request-timeout=5s"]
    return run_command([*kubectl, "get", f"--raw={path}"], timeout=15).stdout


def compute_lease_age(lease: dict[str, Any]) -> float:
    """Return the seconds since the kubelet last renewed its lease, its sign of life."""
    renewed = lease.get("spec", {}).get("renewTime")
    if not renewed:
        return float("inf")
    moment = datetime.datetime.fromisoformat(renewed)
    return (datetime.datetime.now(datetime.UTC) - moment).total_seconds()


def _describe_node_problem(settings: Settings) -> str:
    """Return why the Kubernetes node is not ready; "" when it is ready."""
    name = settings.node_name
    try:
        _read_from_api(settings, "/readyz")
        node = json.loads(_read_from_api(settings, f"/api/v1/nodes/{name}"))
        lease = json.loads(_read_from_api(settings, f"{LEASES}/{name}"))
    except NodeError as error:
        return f"the API server is not ready: {error}"
    conditions = {condition["type"]: condition for condition in node.get("status", {}).get("conditions", ())}
    ready = conditions.get("Ready", {})
    if ready.get("status") != "True":
        return f"node {name} is not Ready: {ready.get('message') or 'no condition yet'}"
    # After a start the node's Ready condition is out of date until the kubelet renews its lease.
    if compute_lease_age(lease) > LEASE_SECONDS:
        return f"the kubelet of {name} has not renewed its lease"
    return ""


def encode_dns_query(name: str, identifier: int) -> bytes:
    """Return a DNS query packet that asks for the IPv4 address of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def parse_dns_answer(packet: bytes, identifier: int) -> str:
    """Return the IPv4 address in a DNS answer packet; "" when there is none."""
    if len(packet) < 12:
        return ""
    found, flags, _, answers = struct.unpack(">HHHH", packet[:8])
    if found != identifier or flags & 0x000F or not answers:
        return ""
    return socket.inet_ntoa(packet[-4:]) if len(packet) >= 16 else ""


def _describe_dns_problem(settings: Settings, name: str = "kubernetes.default.svc.cluster.local") -> str:
    """Return why cluster DNS is not ready; "" when it knows the Service of the API server."""
    identifier = int.from_bytes(os.urandom(2), "big")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        try:
            client.sendto(encode_dns_query(name, identifier), (settings.dns_address, 53))
            packet, _ = client.recvfrom(512)
        except OSError as error:
            return f"cluster DNS {settings.dns_address} does not answer: {error}"
    return "" if parse_dns_answer(packet, identifier) else f"cluster DNS does not know {name}"


def wait_until_ready(what: str, observe: Callable[[], str], seconds: float, hint: str) -> dict[str, Any]:
    """Wait until `observe` finds nothing wrong (""); print every TICK_SECONDS what is wrong.

    Raises:
        NodeError: it took longer than `seconds`; with the last observation and the hint.
    """
    begin = shown = time.monotonic()
    while True:
        seen = observe()
        now = time.monotonic()
        if not seen:
            print(f"{what} after {now - begin:.0f} s", flush=True)
            return {"changed": False, "seconds": round(now - begin, 1)}
        if now - begin > seconds:
            raise NodeError(f"not {what} after {seconds:.0f} s; last seen: {seen}\n  Next: {hint}")
        if now - shown >= TICK_SECONDS:
            shown = now
            print(f"waiting, {now - begin:.0f} s: {seen}", flush=True)
        time.sleep(0.5)


def wait_for_node(settings: Settings, wait: float) -> dict[str, Any]:
    """Wait until the node is ready, `wait` seconds at most."""
    hint = f"read {settings.state}/log/kubelet.log, kube-apiserver.log and etcd.log (make logs)"
    return wait_until_ready(f"node {settings.node_name} Ready", lambda: _describe_node_problem(settings), wait, hint)


def wait_for_dns(settings: Settings, wait: float) -> dict[str, Any]:
    """Wait until cluster DNS answers, `wait` seconds at most."""
    kubectl = f"{settings.state}/bin/kubectl --kubeconfig {settings.state}/kubeconfig"
    hint = f"{kubectl} -n kube-system describe pods -l k8s-app=kube-dns"
    return wait_until_ready("cluster DNS ready", lambda: _describe_dns_problem(settings), wait, hint)
