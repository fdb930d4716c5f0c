# SPDX-License-Identifier: Apache-2.0
"""Module site_info: which way it asks, what it reports. The site is a small server with the answers of a real one."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible_collections.cosmogony.stack.plugins.modules import site_info

LIVE = "20261122t221000-3f9ab2c1"
# Layer vector-zones with a feature of id 7
TILE = b"\x1a\x12\x0a\x0cvector-zones\x12\x02\x08\x07"
ANSWERS: dict[str, Any] = {
    "/": b"<html></html>",
    "/api/release": {"id": LIVE},
    "/tiles/cosmogony.json": {"tiles": [f"/tiles/cosmogony/{{z}}/{{x}}/{{y}}.pbf?v={LIVE}"], "bounds": [9, 47, 10, 48]},
    "/api/zones/7": {"zone": {"id": 7, "name": "Vaduz", "zone_type": "city"}, "children": []},
    "/api/zones/7/parents": {"parents": []},
    "/data/test_results.json": [],
}


class Site:
    """A site on a loopback port, below a path; with a folder of public.crt and private.key over TLS."""

    def __init__(self, answers: dict[str, Any], path: str = "", certificate: Path | None = None) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.path.removeprefix(path)
                found = TILE if asked.startswith("/tiles/cosmogony/") else answers.get(asked)
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(200 if found is not None and self.path.startswith(path) else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = ("127.0.0.1", self._server.server_port)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}{path}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "public.crt", certificate / "private.key")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def start_site() -> Iterator[Any]:
    started: list[Site] = []

    def start(answers: dict[str, Any] = ANSWERS, path: str = "", certificate: Path | None = None) -> Site:
        started.append(Site(answers, path, certificate))
        return started[-1]

    yield start
    for site in started:
        site.stop()


@pytest.fixture
def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class EndedError(Exception):
    """The module has reported."""


def run(monkeypatch: pytest.MonkeyPatch, forwarded: Site | None = None, **options: Any) -> dict[str, Any]:
    """Let the module run; a port-forward leads to a site, or fails."""
    options = {"reach_timeout": 1, "timeout": 1, "service": {"namespace": "geo"}, **options}
    said: dict[str, Any] = {}

    def report(_module: object, **result: Any) -> None:
        said.update(result)
        raise EndedError

    @contextlib.contextmanager
    def forward(service: Any, _api: Any) -> Iterator[tuple[str, int]]:
        assert (service["namespace"], service["name"], service["port"]) == ("geo", "cosmogony-web", 80)
        if forwarded is None:
            raise site_info.ServiceError("no_pod", "Service geo/cosmogony-web has no ready pod", "see the pods")
        yield forwarded.address

    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(basic.AnsibleModule, "exit_json", report)
    monkeypatch.setattr(site_info, "connect", lambda _module: SimpleNamespace())
    monkeypatch.setattr(site_info, "forward_to_service", forward)
    with pytest.raises(EndedError):
        site_info.main()
    return said


def test_the_address_is_asked_where_it_is_reachable(monkeypatch, start_site) -> None:
    site = start_site()
    found = run(monkeypatch, url=site.url)
    assert (found["way"], found["asked"], found["problem"]) == ("url", site.url, "")
    assert [line.partition(":")[0] for line in found["answers"]] == [
        "ok page", "ok release", "ok tilejson", "ok tile", "ok zone", "ok statistics"
    ]  # fmt: skip


def test_the_service_is_asked_below_the_same_path_where_the_address_is_not_reachable(
    monkeypatch, start_site, closed_port
) -> None:
    found = run(monkeypatch, start_site(path="/maps"), url=f"http://127.0.0.1:{closed_port}/maps")
    assert (found["way"], found["problem"], len(found["answers"])) == ("service", "", 6)
    assert "Service geo/cosmogony-web" in found["asked"] and "Connection refused" in found["asked"]


def test_without_an_address_the_service_is_asked(monkeypatch, start_site) -> None:
    found = run(monkeypatch, start_site())
    assert (found["way"], found["problem"]) == ("service", "")


@pytest.mark.parametrize("url", ["https://cosmogony.invalid", "http://cosmogony.invalid/maps"])
def test_unknown_host(monkeypatch, start_site, url) -> None:
    assert run(monkeypatch, start_site(path="/maps" if "maps" in url else ""), url=url)["way"] == "service"


def test_another_site_at_the_address_is_wrong(monkeypatch, start_site) -> None:
    found = run(monkeypatch, start_site(), url=start_site({}).url)
    assert found["way"] == "url" and "GET /: HTTP 404" in found["problem"]


def test_no_release_and_no_pod(monkeypatch, start_site) -> None:
    site = start_site({"/": b"<html>"})
    found = run(monkeypatch, url=site.url)
    assert (found["has_release"], found["answers"]) == (False, ["ok page: 6 bytes"])
    assert "no ready pod" in run(monkeypatch)["problem"]


def test_the_certificate_of_a_private_ca_is_trusted_if_it_is_named(monkeypatch, start_site, certificate) -> None:
    site = start_site(certificate=certificate)
    refused = run(monkeypatch, url=site.url)
    assert refused["way"] == "url" and "certificate verify failed" in refused["problem"]
    trusted = run(monkeypatch, url=site.url, ca_path=str(certificate / "public.crt"))
    assert (trusted["way"], trusted["problem"], len(trusted["answers"])) == ("url", "", 6)


@pytest.mark.parametrize(("name", "reason"), [("none.crt", "No such file"), ("private.key", "holds no certificate")])
def test_certificates_that_cannot_be_read(certificate, name, reason) -> None:
    with pytest.raises(ValueError, match=f"{name}, which cannot be read .*{reason}.*name a PEM file"):
        site_info.make_context(str(certificate / name))
