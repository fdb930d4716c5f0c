# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Port-forward through the API server to a Service that only the cluster's network reaches.

The API forwards to pods only, so a ready pod behind the Service is looked up, as kubectl does. A listener on a
loopback port passes each connection on to a separate stream.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._kubernetes_api import ApiError, call_api
from .errors import ServiceError, make_refusal

REQUEST_SECONDS = 5
RIGHTS = "get services, list endpointslices, create and get pods/portforward"


@dataclass(frozen=True)
class ForwardTarget:
    """The pod and port that a port-forward leads to."""

    namespace: str
    pod: str
    port: int


@contextlib.contextmanager
def forward_to_service(service: Mapping[str, Any] | None, api: Any) -> Iterator[tuple[str, int] | None]:
    """Open a port-forward to a Service for the time of a with block.

    Args:
        service: ``namespace``, ``name`` and ``port``; without one nothing is forwarded.
        api: A client of the Kubernetes API.

    Yields:
        The local host and port, or None.

    Raises:
        ServiceError: There is no such Service, no ready pod, or no right to forward.
    """
    if not service:
        yield None
        return
    target = _find_target(service, api)
    with _Listener(api, target) as listener:
        try:
            yield listener.address
        except ServiceError as error:
            if listener.error is None:
                raise
            subject = f"port-forward to pod {target.namespace}/{target.pod}"
            raise _to_service_error(ApiError(f"{subject}: {_flatten(listener.error)}"), subject) from error


def _find_target(service: Mapping[str, Any], api: Any) -> ForwardTarget:
    """Return a ready pod behind a Service, and the port that it listens on."""
    from kubernetes import client

    name, namespace = service["name"], service["namespace"]
    subject = f"Service {namespace}/{name}"
    try:
        found = call_api(
            subject, client.CoreV1Api(api).read_namespaced_service, name, namespace, timeout=REQUEST_SECONDS
        )
        slices = call_api(
            f"EndpointSlices of {subject}", client.DiscoveryV1Api(api).list_namespaced_endpoint_slice,
            namespace, label_selector=f"kubernetes.io/service-name={name}", timeout=REQUEST_SECONDS,
        )  # fmt: skip
    except ApiError as error:
        raise _to_service_error(error, subject) from error
    names = [port.name for port in found.spec.ports if port.port == service["port"]]
    if not names:
        offered = ", ".join(str(port.port) for port in found.spec.ports)
        raise make_refusal("port_missing", f"{subject} has no port {service['port']}", f"use one of {offered}")
    for part in slices.items:
        ports = [port.port for port in part.ports or [] if (port.name or None) == (names[0] or None)]
        for endpoint in part.endpoints or []:
            ready = endpoint.conditions is None or endpoint.conditions.ready is not False
            pod = endpoint.target_ref
            if ports and ready and pod is not None and pod.kind == "Pod":
                return ForwardTarget(pod.namespace or namespace, pod.name, ports[0])
    advice = f"see kubectl --namespace {namespace} get pods, endpointslices"
    raise ServiceError("no_pod", f"{subject} has no ready pod", advice)


def _to_service_error(error: ApiError, subject: str) -> ServiceError:
    # The websocket client has the HTTP status only in the text of its error.
    if error.is_denied or re.search(r"Handshake status 40[13]", str(error)):
        return make_refusal("kubernetes_denied", str(error), f"grant the rights to {RIGHTS}")
    if error.is_missing:
        return ServiceError("service_missing", f"{subject} does not exist", "check its name and namespace")
    return ServiceError("kubernetes_unreachable", str(error), "check the cluster")


def _flatten(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", None) or error).split())[:200]


class _Listener:
    """Accepts TCP connections on a loopback port and forwards each through a separate stream to the pod."""

    def __init__(self, api: Any, target: ForwardTarget) -> None:
        self._api = api
        self._target = target
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[Any] = []
        self._lock = threading.Lock()
        self.error: Exception | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Loopback host and port on which connections are accepted."""
        host, port = self._socket.getsockname()
        return host, port

    def __enter__(self) -> _Listener:
        threading.Thread(target=self._accept, daemon=True, name="port-forward").start()
        return self

    def __exit__(self, *_exception: object) -> None:
        # Shutting the socket down wakes accept() up; on Linux closing alone does not.
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

        # Opening a stream replaces the request method of its API client for a moment, so each gets its own client.
        api = client.ApiClient(self._api.configuration)
        api.default_headers.update(self._api.default_headers)
        try:
            forward = portforward(
                client.CoreV1Api(api).connect_get_namespaced_pod_portforward,
                self._target.pod,
                self._target.namespace,
                ports=str(self._target.port),
            )
        except Exception as error:  # the websocket client raises errors of many classes
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
    """Copy bytes from one socket to another until one side closes; then close the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        source.shutdown(socket.SHUT_RD)
