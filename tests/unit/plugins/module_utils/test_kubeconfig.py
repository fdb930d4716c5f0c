# SPDX-License-Identifier: Apache-2.0
"""The kubeconfig for programs: when one is needed, and that a client of it has the connection of the modules."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._kubeconfig import make_kubeconfig, needs_own_kubeconfig
from ansible_collections.cosmogony.stack.plugins.modules.kubeconfig import write_private_file
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import _create_auth_spec, _create_configuration
from kubernetes import config


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("K8S_AUTH_", "KUBERNETES_SERVICE_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        ({}, {}, False),
        ({"kubeconfig": "/k", "context": "blue"}, {}, False),
        ({}, {"K8S_AUTH_KUBECONFIG": "/k"}, True),
        ({"kubeconfig": "/k"}, {"K8S_AUTH_KUBECONFIG": "/k"}, False),
        ({"kubeconfig": "/k"}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, True),
        ({"kubeconfig": "/k"}, {"K8S_AUTH_API_KEY": "token"}, True),
        ({"kubeconfig": "/k", "validate_certs": False}, {}, True),
        ({}, {"K8S_AUTH_VERIFY_SSL": "false"}, True),
        ({}, {"K8S_AUTH_SSL_CA_CERT": "/ca.pem"}, True),
        ({}, {"K8S_AUTH_PROXY": "http://proxy:3128"}, True),
        ({"kubeconfig": {"clusters": []}}, {}, True),
    ],
)
def test_when_a_file_is_needed(
    environment: pytest.MonkeyPatch, options: dict[str, Any], variables: dict[str, str], expected: bool
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert needs_own_kubeconfig(options) is expected


def reread(kubeconfig: dict[str, Any]) -> Any:
    configuration = type.__call__(config.kube_config.Configuration)
    config.load_kube_config_from_dict(kubeconfig, client_configuration=configuration)
    return configuration


def test_a_client_of_the_file_has_the_same_connection(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text(f"{name}\n")
    given = {
        "host": "https://k8s.example.org:6443/",
        "api_key": "a token",
        "ca_cert": str(tmp_path / "ca.pem"),
        "client_cert": str(tmp_path / "cert.pem"),
        "client_key": str(tmp_path / "key.pem"),
    }
    original = _create_configuration(_create_auth_spec(None, **given))
    found = reread(make_kubeconfig(original, {}))
    assert found.host == "https://k8s.example.org:6443"
    assert found.api_key["authorization"] == original.api_key["authorization"] == "Bearer a token"
    for field, name in (("ssl_ca_cert", "ca.pem"), ("cert_file", "cert.pem"), ("key_file", "key.pem")):
        assert Path(getattr(found, field)).read_text() == f"{name}\n"
    assert found.verify_ssl is True


def test_certificates_that_are_not_checked_and_another_user(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("K8S_AUTH_HOST", "https://10.0.0.1")
    environment.setenv("K8S_AUTH_API_KEY", "t")
    environment.setenv("K8S_AUTH_VERIFY_SSL", "no")
    made = make_kubeconfig(
        _create_configuration(_create_auth_spec()), {"Impersonate-User": "deployer", "Impersonate-Group": ["a", "b"]}
    )
    assert made["clusters"][0]["cluster"] == {"server": "https://10.0.0.1", "insecure-skip-tls-verify": True}
    assert made["users"][0]["user"] == {"token": "t", "as": "deployer", "as-groups": ["a", "b"]}


@pytest.mark.parametrize(("no_proxy", "expected"), [("", "http://proxy:3128"), ("k8s.example.org", None)])
def test_the_proxy_is_that_of_the_modules(no_proxy: str, expected: str | None) -> None:
    given = {"host": "https://k8s.example.org", "api_key": "t", "proxy": "http://proxy:3128", "no_proxy": no_proxy}
    made = make_kubeconfig(_create_configuration(_create_auth_spec(None, **given)), {})
    assert made["clusters"][0]["cluster"].get("proxy-url") == expected


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.touch(mode=0o644)
    write_private_file(str(path), "{}")
    assert (stat.S_IMODE(path.stat().st_mode), path.read_text()) == (0o600, "{}")
