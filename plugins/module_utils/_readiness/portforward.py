# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A way to a Service that only the cluster's network reaches: port-forward through the API server.

The API forwards to pods only, so a ready pod behind the Service is looked up, as kubectl does. A listener on a
loopback port hands each connection to a separate stream.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .backend import NotReadyError, refused

REQUEST_TIMEOUT = 5
RIGHTS = "get services, list endpointslices, create and get pods/portforward"


@dataclass(frozen=True)
class Target:
    """Where a forward ends."""

    namespace: str
    pod: str
    port: int


class Forwarder:
    """Opens forwards to one Service."""

    def __init__(self, api: Any, service: dict[str, Any]) -> None:
        self.api = api
        self.namespace: str = service["namespace"]
        self.name: str = service["name"]
        self.port: int = service["port"]

    @property
    def subject(self) -> str:
        """How messages call the Service."""
        return f"Service {self.namespace}/{self.name}"

    @contextlib.contextmanager
    def __call__(self) -> Iterator[tuple[str, int]]:
        """Forward while the block runs; gives the local host and port."""
        target = self.target()
        with _Listener(self.api, target) as listener:
            try:
                yield listener.address
            except NotReadyError as error:
                if listener.error is None:
                    raise
                raise self._judge(listener.error, f"port-forward to pod {target.namespace}/{target.pod}") from error

    def target(self) -> Target:
        """Find a ready pod behind the Service, and the port it listens on."""
        import urllib3
        from kubernetes import client

        try:
            service = client.CoreV1Api(self.api).read_namespaced_service(
                self.name, self.namespace, _request_timeout=REQUEST_TIMEOUT
            )
            slices = client.DiscoveryV1Api(self.api).list_namespaced_endpoint_slice(
                self.namespace,
                label_selector=f"kubernetes.io/service-name={self.name}",
                _request_timeout=REQUEST_TIMEOUT,
            )
        except (client.ApiException, urllib3.exceptions.HTTPError) as error:
            raise self._judge(error, self.subject) from error
        return self._choose(service, slices.items)

    def _choose(self, service: Any, slices: list[Any]) -> Target:
        names = [port.name for port in service.spec.ports if port.port == self.port]
        if not names:
            offered = ", ".join(str(port.port) for port in service.spec.ports)
            raise refused("port_missing", f"{self.subject} has no port {self.port}", f"use one of {offered}")
        for part in slices:
            ports = [port.port for port in part.ports or [] if (port.name or None) == (names[0] or None)]
            for endpoint in part.endpoints or []:
                ready = endpoint.conditions is None or endpoint.conditions.ready is not False
                pod = endpoint.target_ref
                if ports and ready and pod is not None and pod.kind == "Pod":
                    return Target(pod.namespace or self.namespace, pod.name, ports[0])
        raise NotReadyError(
            "no_pod",
            f"{self.subject} has no ready pod",
            f"see kubectl --namespace {self.namespace} get pods, endpointslices",
        )

    def _judge(self, error: Exception, subject: str) -> NotReadyError:
        status = getattr(error, "status", None)
        reason = " ".join(str(getattr(error, "reason", None) or error).split())[:200]
        if status in (401, 403) or "Handshake status 403" in reason or "Handshake status 401" in reason:
            return refused("kubernetes_denied", f"{subject} denied ({reason})", f"grant the rights to {RIGHTS}")
        if status == 404:
            return NotReadyError("service_missing", f"{subject} does not exist", "check its name and namespace")
        return NotReadyError("kubernetes_unreachable", f"{subject} cannot be asked for ({reason})", "check the cluster")


class _Listener:
    """Accepts connections on a loopback port and joins each to a separate stream."""

    def __init__(self, api: Any, target: Target) -> None:
        self._api = api
        self._target = target
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[Any] = []
        self._lock = threading.Lock()
        self.error: Exception | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Local host and port."""
        host, port = self._socket.getsockname()
        return host, port

    def __enter__(self) -> _Listener:
        threading.Thread(target=self._accept, daemon=True, name="port-forward").start()
        return self

    def __exit__(self, *_exception: object) -> None:
        # Waking accept() up: closing alone does not on Linux.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    each.close()

    def _accept(self) -> None:
        while True:
            try:
                local, _peer = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(local,), daemon=True, name="port-forward").start()

    def _join(self, local: socket.socket) -> None:
        from kubernetes import client
        from kubernetes.stream import portforward

        # A stream replaces the request method of its client while it starts: each gets its own client.
        api = client.ApiClient(self._api.configuration)
        api.default_headers.update(self._api.default_headers)
        try:
            forward = portforward(
                client.CoreV1Api(api).connect_get_namespaced_pod_portforward,
                self._target.pod,
                self._target.namespace,
                ports=str(self._target.port),
            )
        except Exception as error:  # the websocket client raises many kinds
            self.error = error
            local.close()
            return
        remote = forward.socket(self._target.port)
        with self._lock:
            self._open += [local, remote]
        back = threading.Thread(target=_copy, args=(remote, local), daemon=True, name="port-forward")
        back.start()
        _copy(local, remote)
        back.join()
        if forward.error(self._target.port):
            self.error = RuntimeError(forward.error(self._target.port))


def _copy(source: Any, sink: Any) -> None:
    """Pass bytes on until one side ends; then end the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        source.shutdown(socket.SHUT_RD)
