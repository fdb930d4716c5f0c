# SPDX-License-Identifier: Apache-2.0
"""Settings of the node tool."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class NodeError(Exception):
    """A failure with its cause and a next step, shown without a traceback."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of the node tool: the role's variables that it needs, which it reads as JSON on standard input."""

    state: Path
    run: Path
    cache: Path
    node_name: str
    node_address: str
    node_cidr: str
    pod_cidr: str
    service_cidr: str
    dns_address: str
    listen: str
    registry: str
    base_image: str
    martin_image: str
    debian_suite: str
    debian_mirror: str
    minimum_cpus: int
    minimum_memory_mb: int
    minimum_disk_gb: int
    packages: Sequence[str]
    programs: Sequence[Mapping[str, Any]]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Settings:
        """Make Settings from a JSON document with the role's options, Debian packages and programs."""
        values = {**document, **{name: Path(document[f"{name}_dir"]) for name in ("state", "run", "cache")}}
        return cls(**{field.name: values[field.name] for field in dataclasses.fields(cls)})

    @property
    def supervisor_config(self) -> Path:
        return self.state / "supervisor" / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd" / "containerd.sock"

    @property
    def docker_socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def machine_record_file(self) -> Path:
        """Path of the record of this machine's state before the cluster's first start."""
        return self.state / "node" / "before.json"

    @property
    def address_ranges(self) -> tuple[str, str, str]:
        return self.node_cidr, self.pod_cidr, self.service_cidr
