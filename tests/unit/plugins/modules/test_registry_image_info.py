# SPDX-License-Identifier: Apache-2.0
"""Module registry_image_info and real registries: open, with a password, with tokens."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _registry
from ansible_collections.cosmogony.stack.plugins.module_utils._registry import RegistryError, split_reference_as_docker
from services import free_port, skip_unless_available
from services.registry import PASSWORD, USER, Registry, TokenServer, basic_credentials, password_auth


def find(reference, **options):
    defaults = {"username": None, "password": None, "scheme": "auto", "validate_certs": True, "ca_path": None}
    defaults |= {"references": [reference], "registry": None, "timeout": 10}
    return _registry.Registry({**defaults, **options}).find_digest(reference)


@pytest.fixture
def visited():
    """A server on a loopback port, and the `Authorization` headers that it gets; `/v2/moved…` redirects to `target`."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            seen.append(self.headers["Authorization"])
            moved = self.path.startswith("/v2/moved")
            self.send_response(302 if moved else 404)
            if moved:
                self.send_header("Location", f"http://{target}/v2/elsewhere")
            self.end_headers()

        def do_GET(self):  # what urllib asks after a redirect
            self.do_HEAD()

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        target = f"127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield target, seen
        server.shutdown()
        thread.join()


def test_credentials_go_to_the_named_registry_only(visited):
    address, seen = visited
    credentials = {"username": USER, "password": PASSWORD}
    both = [f"{address}/geo/api:1", "registry.example.org/geo/api:1"]
    assert find(both[0], references=both, registry="registry.example.org", **credentials) is None
    assert seen == [None]
    assert find(both[0], references=both, registry=address, **credentials) is None
    assert seen[1:] == [basic_credentials()]


def test_refuses_credentials_for_several_registries(visited):
    address, seen = visited
    both = [f"{address}/geo/api:1", "debian:trixie"]
    with pytest.raises(ValueError, match=f"the registries {address}, docker.io, .* name it in registry"):
        find(both[0], references=both, username=USER, password=PASSWORD)
    assert find(both[0], references=both) is None  # no user, no question
    assert seen == [None]


def test_credentials_do_not_follow_a_redirect(visited):
    address, seen = visited
    assert find(f"{address}/moved/api:1", username=USER, password=PASSWORD) is None
    assert seen == [basic_credentials(), None]


@pytest.fixture
def start(tmp_path):
    """Start a registry with a section `auth`; it ends with the test."""
    started = []

    def begin(auth=None):
        started.append(skip_unless_available(Registry, tmp_path, auth))
        return started[-1]

    yield begin
    for each in started:
        each.stop()


def test_open_registry(start):
    registry = start()
    reference = f"{registry.address}/geo/api:1"
    assert find(reference) is None
    digest = registry.push(reference)
    assert find(reference) == digest
    assert find(f"{registry.address}/geo/api@{digest}") == digest
    assert find(f"{registry.address}/geo/api:2") is None


def test_registry_with_a_password(start, tmp_path):
    registry = start(password_auth(tmp_path))
    reference = f"{registry.address}/geo/api:1"
    digest = registry.push(reference, Authorization=basic_credentials())
    assert find(reference, username=USER, password=PASSWORD) == digest
    for user, password in ((None, None), (USER, "wrong")):
        with pytest.raises(RegistryError) as denied:
            find(reference, username=user, password=password)
        assert denied.value.reason == "denied"
        assert str(denied.value) == (
            f"The registry {registry.address} does not say whether it has {reference} (HTTP 401 Unauthorized):"
            " check registry, username and password"
        )


def test_registry_with_tokens(start, certificate):
    tokens = TokenServer(certificate)
    with tokens.serve():
        registry = start(tokens.auth)
        reference = f"{registry.address}/geo/api:1"
        token = tokens.make_token("repository:geo/api:pull,push")
        digest = registry.push(reference, Authorization=f"Bearer {token}")
        assert find(reference, username=USER, password=PASSWORD) == digest
        assert find(f"{registry.address}/geo/web:1", username=USER, password=PASSWORD) is None
        with pytest.raises(RegistryError) as denied:
            find(reference, username=USER, password="wrong")
    assert denied.value.reason == "denied"


def test_registry_that_is_away():
    reference = f"127.0.0.1:{free_port()}/geo/api:1"
    with pytest.raises(RegistryError, match="Connection refused") as away:
        find(reference)
    assert away.value.reason == "unreachable"
    assert "check that it runs, and the host of the reference" in str(away.value)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("r.example.org/geo/api:1.2", ("r.example.org", "geo/api", "1.2")),
        ("r.example.org:5000/api", ("r.example.org:5000", "api", "latest")),
        ("localhost/api:1", ("localhost", "api", "1")),
        ("r.example.org/api@sha256:" + 64 * "0", ("r.example.org", "api", "sha256:" + 64 * "0")),
        ("r.example.org/api:1@sha256:" + 64 * "0", ("r.example.org", "api", "sha256:" + 64 * "0")),
        ("debian:trixie", ("docker.io", "library/debian", "trixie")),
        ("grafana/grafana", ("docker.io", "grafana/grafana", "latest")),
        ("docker.io/geo/api:1", ("docker.io", "geo/api", "1")),
    ],
)
def test_splits_references(reference, parts):
    assert split_reference_as_docker(reference) == parts


@pytest.mark.parametrize(
    "reference", ["", "r.example.org/API:1", "r.example.org/api:a b", "r.example.org/api@sha256:00"]
)
def test_rejects_what_is_not_a_reference(reference):
    with pytest.raises(ValueError, match="is not a reference of an image"):
        split_reference_as_docker(reference)
