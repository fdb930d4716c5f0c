# SPDX-License-Identifier: Apache-2.0
"""Inventories as AWX reads them from the project: without a vault password, and with localhost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT


@pytest.mark.parametrize("name", ["prod", "kind", "local"])
def test_an_inventory_is_read_without_a_vault_password(name: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-inventory"),
            "-i",
            CHECKOUT / f"inventories/{name}/hosts.yml",
            "--list",
            "--export",
        ],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    groups = json.loads(done.stdout)
    assert any("localhost" in group.get("hosts", []) for group in groups.values())
    assert "cosmogony_registry" in done.stdout
    assert not [
        path for path in CHECKOUT.glob("inventories/*/group_vars/**/*.yml") if "ANSIBLE_VAULT" in path.read_text()
    ]


def test_advice_puts_no_vault_file_into_group_vars() -> None:
    """AWX refuses to sync an inventory with one: "no vault secrets found"."""
    for path in [*CHECKOUT.glob("inventories/**/*.yml"), *CHECKOUT.glob("docs/*.md"), CHECKOUT / "README.md"]:
        assert "group_vars/all/vault.yml" not in path.read_text(), path
