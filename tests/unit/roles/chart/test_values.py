# SPDX-License-Identifier: Apache-2.0
"""From an inventory to the values of the chart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from checkout import CHECKOUT


def values(folder: Path, inventory: str, variables: dict[str, str]) -> dict[str, Any]:
    """What role chart would give to Helm."""
    target = folder / "values.json"
    tasks = [
        {"ansible.builtin.import_role": {"name": "cosmogony.stack.chart", "tasks_from": "settings.yml"}},
        {"ansible.builtin.copy": {"content": "{{ __chart_values | to_json }}", "dest": str(target), "mode": "0600"}},
    ]
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook), "-i", f"inventories/{inventory}", "-c", "local",
         "-e", json.dumps({**variables, "ansible_python_interpreter": sys.executable})],
        capture_output=True, text=True, check=False, timeout=120, cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(target.read_text())


def test_the_pipeline_is_no_part_of_serving(tmp_path):
    given = values(tmp_path, "prod", {"cosmogony_gate_max_loss_percent": 3, "cosmogony_sources": []})
    assert {"data", "steps", "storage"}.isdisjoint(given)
    assert set(given["images"]) == {"importer", "api", "tiles", "web"}


def test_settings_of_both_spellings_become_values(tmp_path):
    variables = {
        "cosmogony_trex": {"cache_volume": {"storage_class": "fast"}},
        "cosmogony_trex_cache_volume_size": "3Gi",
        "cosmogony_images_api": "r.example.org/api:1",
        "chart_database": {"port": "6432"},
    }
    given = values(tmp_path, "prod", variables)
    cache = given["tiles"]["trex"]["cacheVolume"]
    assert (cache["storageClass"], cache["size"], cache["accessMode"]) == ("fast", "3Gi", "ReadWriteMany")
    assert given["images"]["api"] == {"repository": "r.example.org/api", "tag": "1", "digest": ""}
    assert (given["database"]["port"], given["database"]["sslmode"]) == (6432, "require")


def test_a_way_in_takes_the_host_of_the_address_and_tls_where_it_is_https(tmp_path):
    variables = {
        "cosmogony_site_url": "https://maps.example:8443/zones",
        "cosmogony_ingress": {"enabled": True, "tls_secret": "maps-tls"},
        "cosmogony_gateway": {"enabled": "true", "parents": [{"name": "public", "namespace": "gateways"}]},
        "cosmogony_pods": {"env": {"LEVEL": 3}, "run_as_user": "0"},
    }
    given = values(tmp_path, "prod", variables)
    assert given["ingress"]["hosts"] == given["gateway"]["hostnames"] == ["maps.example"]
    assert given["ingress"]["tls"] == [{"hosts": ["maps.example"], "secretName": "maps-tls"}]
    assert given["gateway"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert (given["pods"]["env"], given["pods"]["runAsUser"]) == ({"LEVEL": "3"}, 0)
    plain = values(tmp_path, "prod", {**variables, "cosmogony_site_url": "http://maps.example"})
    assert plain["ingress"]["tls"] == []
