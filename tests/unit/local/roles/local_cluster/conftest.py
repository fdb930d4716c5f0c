# SPDX-License-Identifier: Apache-2.0
"""Settings of a node, and a publisher of programs and images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster_node.settings import Settings
from services.publisher import Publisher, publishing


@pytest.fixture
def settings(tmp_path):
    return Settings.from_json(
        {
            "state_dir": str(tmp_path / "state"),
            "run_dir": str(tmp_path / "run"),
            "cache_dir": str(tmp_path / "cache"),
            "node_name": "node-a",
            "node_address": "10.243.0.1",
            "node_cidr": "10.243.0.0/16",
            "pod_cidr": "10.244.0.0/16",
            "service_cidr": "10.96.0.0/16",
            "dns_address": "10.96.0.10",
            "listen": "127.0.0.1:8080",
            "registry": "127.0.0.1:5000",
            "base_image": "127.0.0.1:5000/cosmogony/debian:trixie-slim",
            "martin_image": "127.0.0.1:5000/cosmogony/martin:1.14.0",
            "debian_suite": "trixie",
            "debian_mirror": "",
            "minimum_cpus": 2,
            "minimum_memory_mb": 3500,
            "minimum_disk_gb": 30,
            "packages": ["containerd"],
            "programs": [],
        }
    )


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A publisher that wants a token below /v2/, as registries do."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with publishing() as server:
        server.challenge = f'Bearer realm="{server.address}/token",service="registry.test",scope="pull"'
        server.files["/token?service=registry.test&scope=pull"] = b'{"token": "t0ken"}'
        server.files["/v2/"] = b"{}"
        yield server
