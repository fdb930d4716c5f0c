# SPDX-License-Identifier: Apache-2.0
"""Which requests go through a proxy: asked of a real one, which answers itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from cosmogony_steps.http_proxies import EnvironmentProxyPool, find_proxy

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


class Handler(BaseHTTPRequestHandler):
    """Says what it was asked for; refuses tunnels."""

    def do_GET(self) -> None:
        self._record()
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def do_CONNECT(self) -> None:
        self._record()
        self.send_error(403)

    def _record(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Proxy-Authorization")))  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


class Asked:
    """A server and the requests that reached it."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str, str | None]] = []
        self._server.asked = self.requests  # type: ignore[attr-defined]
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def proxy() -> Iterator[Asked]:
    server = Asked()
    yield server
    server.stop()


@pytest.fixture
def target() -> Iterator[Asked]:
    server = Asked()
    yield server
    server.stop()


def test_without_a_proxy_the_server_is_asked(target: Asked) -> None:
    assert EnvironmentProxyPool().request("GET", f"http://{target.address}/a").data == b"hello"
    assert target.requests == [("GET", "/a", None)]


def test_the_proxy_is_asked_with_its_login(proxy: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://geo:p%40ss@{proxy.address}")
    assert EnvironmentProxyPool().request("GET", "http://sources.example/a").data == b"hello"
    assert proxy.requests == [("GET", "http://sources.example/a", "Basic Z2VvOnBAc3M=")]


def test_https_goes_through_a_tunnel(proxy: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.address)
    with pytest.raises(urllib3.exceptions.ProxyError):
        EnvironmentProxyPool(retries=False).request("GET", "https://sources.example/a")
    assert proxy.requests == [("CONNECT", "sources.example:443", None)]


def test_exceptions_are_asked_directly(proxy: Asked, target: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", ".svc, 127.0.0.1")
    assert EnvironmentProxyPool().request("GET", f"http://{target.address}/a").data == b"hello"
    assert proxy.requests == []
    assert find_proxy("http://minio.storage.svc:9000/bucket") == ""
    assert find_proxy("http://sources.example/a") == f"http://{proxy.address}"
