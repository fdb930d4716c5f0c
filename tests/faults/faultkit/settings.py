# SPDX-License-Identifier: Apache-2.0
"""Where everything is; the scenario data_update gives it in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def _given(name: str) -> str:
    value = os.environ.get(name, "")
    assert value, f"{name} is not set: run `molecule verify -s data_update`, which gives it"
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
            kubeconfig=_given("FAULTS_KUBECONFIG"),
            namespace=_given("FAULTS_NAMESPACE"),
            backing_namespace=_given("FAULTS_BACKING_NAMESPACE"),
            site_url=_given("FAULTS_SITE_URL"),
            downloads_url=_given("FAULTS_DOWNLOADS_URL"),
            samples=Path(_given("FAULTS_SAMPLES_DIR")),
            programs=Path(_given("FAULTS_PROGRAMS_DIR")),
            inventories=tuple(_given("FAULTS_INVENTORIES").split()),
            bucket=_given("S3_BUCKET"),
        )
        for name in (found.namespace, found.backing_namespace):
            assert name.endswith("-molecule"), f"{name} is not a namespace of the scenarios: nothing is broken there"
        return found
