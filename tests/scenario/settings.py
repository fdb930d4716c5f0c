# SPDX-License-Identifier: Apache-2.0
"""Where everything is; the scenarios data_update and upgrade give it in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def _given(name: str) -> str:
    value = os.environ.get(name, "")
    assert value, f"{name} is not set: run `molecule verify -s data_update` or `-s upgrade`, which give it"
    return value


@dataclass(frozen=True)
class Settings:
    """Names and addresses of one scenario."""

    kubeconfig: str
    namespace: str
    backing_namespace: str
    site_url: str
    downloads_url: str
    samples: Path
    programs: Path
    inventories: tuple[str, ...]
    bucket: str

    @classmethod
    def from_environment(cls) -> Settings:
        found = cls(
            kubeconfig=_given("SCENARIO_KUBECONFIG"),
            namespace=_given("SCENARIO_NAMESPACE"),
            backing_namespace=_given("SCENARIO_BACKING_NAMESPACE"),
            site_url=_given("SCENARIO_SITE_URL"),
            downloads_url=_given("SCENARIO_DOWNLOADS_URL"),
            samples=Path(_given("SCENARIO_SAMPLES_DIR")),
            programs=Path(_given("SCENARIO_PROGRAMS_DIR")),
            inventories=tuple(_given("SCENARIO_INVENTORIES").split()),
            bucket=_given("S3_BUCKET"),
        )
        for name in (found.namespace, found.backing_namespace):
            assert name.endswith("-molecule"), f"{name} is not a namespace of the scenarios: nothing is broken there"
        return found
