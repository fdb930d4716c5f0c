# SPDX-License-Identifier: Apache-2.0
"""From the values of the original chart to an inventory that the settings accept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.plugin_utils._original_chart import convert_to_inventory
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import read_effective_settings
from checkout import CHECKOUT, DATA

VALUES = DATA / "original_chart/values.yaml"


def settings_of(values: dict[str, Any]) -> dict[str, Any]:
    """The effective settings, as roles read them."""
    found = convert_to_inventory(values)["settings"]
    return read_effective_settings({name: value for name, value in found.items() if name.startswith("cosmogony_")})


def test_values_of_a_site() -> None:
    values = yaml.safe_load(VALUES.read_text())
    settings, found = settings_of(values), convert_to_inventory(values)
    assert [source["url"] for source in settings["sources"]["extracts"]] == values["osmSources"]
    storage, database = settings["storage"], settings["database"]
    assert (storage["endpoint"], storage["secure"], storage["bucket"]) == (
        values["minio"]["endpoint"],
        False,
        "cosmogony",
    )
    assert storage["service"] == {"namespace": "geo-store", "name": "minio", "port": 9000}
    assert (database["host"], database["port"], database["name"]) == ("postgres-postgresql.default", 5432, "zones")
    assert database["service"]["namespace"] == "default"
    assert (settings["namespace"], settings["languages"]) == ("geo", ["fr", "en"])
    assert settings["site_url"] == "http://maps.example.org"
    assert (settings["ingress"]["enabled"], settings["ingress"]["class_name"]) == (True, "nginx")
    assert found["settings"]["chart_values"]["web"] == {"service": {"type": "NodePort"}}
    lines = "\n".join(found["not_mapped"])
    for path in ("postgres.post", "minio.artifactsPath", "persistantVolumes.stats", "replicas"):
        assert f"{path}: " in lines
    assert "hush" not in str(found["settings"])


def test_defaults_of_the_original_chart() -> None:
    settings = settings_of({})
    assert len(settings["sources"]["extracts"]) == 8
    assert settings["storage"]["endpoint"] == "minio.default.svc.cluster.local:9000"
    assert (settings["site_url"], settings["ingress"]["enabled"]) == ("", False)
    assert convert_to_inventory({})["not_mapped"] == []


@pytest.mark.parametrize(
    ("values", "path", "value"),
    [
        ({"osmSources": "http://a.example/a.osm.pbf\nhttp://a.example/b.osm.pbf\n"}, ("sources", "extracts"), 2),
        ({"minio": {"endpoint": "s3.example.org", "scheme": "https"}}, ("storage", "secure"), True),
        ({"minio": {"endpoint": "s3.example.org"}}, ("storage", "service"), {}),
        ({"postgres": {"host": "db.example"}}, ("database", "service"), {}),
        ({"minio": {"cosmogonyPath": "geo/zones/"}}, ("storage", "bucket"), "geo"),
        ({"ingress": {"enabled": "true", "hosts": []}}, ("site_url",), ""),
    ],
)
def test_other_values(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    found: Any = settings_of(values)
    for key in path:
        found = found[key]
    assert (len(found) if isinstance(found, list) else found) == value


def test_the_playbook_writes_an_inventory_once(tmp_path: Path) -> None:
    """Its credentials are in a separate file, with braces unharmed; a second run changes nothing."""
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    target = tmp_path / "mine"

    def run(*options: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ansible", *options],
            capture_output=True, text=True, check=False, timeout=240, cwd=CHECKOUT,
            env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "hush" not in done.stdout if options[0] == "playbook" else True
        return done.stdout

    play = ["playbook", "playbooks/migrate_from_seed.yml", "-i", "inventories/prod", f"-emigrate_values={VALUES}",
            f"-emigrate_inventory={target}", f"-emigrate_vault_password_file={password}"]  # fmt: skip
    assert "not mapped: replicas" in run(*play, "--check")
    assert not target.exists()
    run(*play)
    assert (target / "group_vars/all/vault.yml").read_text().startswith("$ANSIBLE_VAULT")
    assert "changed=0" in run(*play)
    said = run("adhoc", "localhost", "-i", str(target), f"--vault-password-file={password}",
               "-m", "ansible.builtin.debug", "-a", "var=cosmogony_database.password")  # fmt: skip
    assert "pg-hush: {{ no template }}" in said
