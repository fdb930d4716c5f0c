# SPDX-License-Identifier: Apache-2.0
"""Waits for the node and for cluster DNS, with the last observation when the time is over."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import Callable
from typing import Any

from cluster_node.common import NodeError, Settings

TICK_SECONDS = 10.0


class Api:
    """GET on the API server as admin."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.node_address
        directory = settings.state / "pki"
        self._context = ssl.create_default_context(cafile=str(directory / "ca.crt"))
        self._context.load_cert_chain(directory / "admin.crt", directory / "admin.key")

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self._address, 6443, context=self._context, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def condition(document: dict[str, Any], kind: str) -> dict[str, Any]:
    found = [item for item in document.get("status", {}).get("conditions", ()) if item.get("type") == kind]
    return found[0] if found else {}


def lease_age(document: dict[str, Any]) -> float:
    """Seconds since the kubelet last said it lives."""
    renewed = document.get("spec", {}).get("renewTime")
    if not renewed:
        return float("inf")
    moment = datetime.datetime.fromisoformat(renewed)
    return (datetime.datetime.now(datetime.UTC) - moment).total_seconds()


def observe_node(api: Api, name: str) -> str:
    """Empty when the node is Ready now, else what is seen."""
    try:
        status, body = api.get("/readyz")
        if status != 200:
            return f"the API server is not ready ({status}: {body[-200:].decode(errors='replace').strip()})"
        status, body = api.get(f"/api/v1/nodes/{name}")
        if status != 200:
            return f"node {name} has not registered ({status})"
        ready = condition(json.loads(body), "Ready")
        if ready.get("status") != "True":
            return f"node {name} is not Ready: {ready.get('message') or 'no condition yet'}"
        status, body = api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
        if status != 200 or lease_age(json.loads(body)) > 20:
            return f"the kubelet of {name} has not renewed its lease"
    except (OSError, http.client.HTTPException) as error:
        return f"the API server does not answer: {error}"
    return ""


def dns_query(name: str, identifier: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


def parse_answer(packet: bytes, identifier: int) -> str:
    """The IPv4 address of the last answer record, empty when there is none."""
    if len(packet) < 12:
        return ""
    found, flags, _, answers = struct.unpack(">HHHH", packet[:8])
    if found != identifier or flags & 0x000F or not answers:
        return ""
    return socket.inet_ntoa(packet[-4:]) if len(packet) >= 16 else ""


def observe_dns(settings: Settings, name: str = "kubernetes.default.svc.cluster.local") -> str:
    """Empty when cluster DNS names the API server's Service."""
    identifier = int.from_bytes(os.urandom(2), "big")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        try:
            client.sendto(dns_query(name, identifier), (settings.dns_address, 53))
            packet, _ = client.recvfrom(512)
        except OSError as error:
            return f"cluster DNS {settings.dns_address} does not answer: {error}"
    return "" if parse_answer(packet, identifier) else f"cluster DNS does not know {name}"


def wait_for(what: str, observe: Callable[[], str], seconds: float, hint: str) -> dict[str, Any]:
    """Progress lines on standard output while it takes longer than usual."""
    begin = time.monotonic()
    told = begin
    while True:
        seen = observe()
        now = time.monotonic()
        if not seen:
            print(f"{what} after {now - begin:.0f} s", flush=True)
            return {"changed": False, "seconds": round(now - begin, 1)}
        if now - begin > seconds:
            raise NodeError(f"not {what} after {seconds:.0f} s; last seen: {seen}\n  Next: {hint}")
        if now - told >= TICK_SECONDS:
            told = now
            print(f"waiting, {now - begin:.0f} s: {seen}", flush=True)
        time.sleep(0.5)


def wait_node(settings: Settings, seconds: float) -> dict[str, Any]:
    api: list[Api] = []

    def observe() -> str:
        with contextlib.suppress(OSError):
            api[:] = api or [Api(settings)]
        return observe_node(api[0], settings.node_name) if api else "no certificates yet"

    hint = f"read {settings.state}/log/kubelet.log, kube-apiserver.log and etcd.log (make logs)"
    return wait_for(f"node {settings.node_name} Ready", observe, seconds, hint)


def wait_dns(settings: Settings, seconds: float) -> dict[str, Any]:
    kubectl = f"{settings.state}/bin/kubectl --kubeconfig {settings.state}/kubeconfig"
    hint = f"{kubectl} -n kube-system describe pods -l k8s-app=kube-dns"
    return wait_for("cluster DNS ready", lambda: observe_dns(settings), seconds, hint)
