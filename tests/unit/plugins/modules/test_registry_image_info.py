# SPDX-License-Identifier: Apache-2.0
"""Module registry_image_info and real registries: open, with a password, with tokens."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _registry
from ansible_collections.cosmogony.stack.plugins.module_utils._registry import RegistryError, split_reference
from services import free_port, skip_unless_available
from services.registry import PASSWORD, USER, Registry, TokenServer, basic_credentials, password_auth


def find(reference, **options):
    defaults = {"username": None, "password": None, "scheme": "auto", "validate_certs": True, "ca_path": None}
    return _registry.Registry({**defaults, "timeout": 10, **options}).find_digest(reference)


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
            " check username and password"
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
    assert split_reference(reference) == parts


@pytest.mark.parametrize(
    "reference", ["", "r.example.org/API:1", "r.example.org/api:a b", "r.example.org/api@sha256:00"]
)
def test_rejects_what_is_not_a_reference(reference):
    with pytest.raises(ValueError, match="is not a reference of an image"):
        split_reference(reference)
