# SPDX-License-Identifier: Apache-2.0
"""What role chart makes of the settings of t-rex: the address of the database, and refusals."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT

# Every character that means something in a URL.
PASSWORD = "p@ss/w:rd%41 \\'\"?#&=+ ü"


def play(folder: Path, variables: dict[str, Any], tasks: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    playbook = folder / "play.yml"
    role = {"ansible.builtin.import_role": {"name": "cosmogony.stack.chart", "tasks_from": "settings.yml"}}
    playbook.write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "vars": {**variables, "ansible_python_interpreter": sys.executable},
                    "tasks": [role, *tasks],
                }
            ],
            allow_unicode=True,
        )
    )
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook), "-i", "localhost,", "-c", "local"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        cwd=CHECKOUT,
    )


def address(folder: Path, variables: dict[str, Any]) -> urllib.parse.SplitResult:
    """The URL in the Secret that the role makes."""
    target = folder / "secret.json"
    task = {"ansible.builtin.copy": {"content": "{{ __chart_trex_object | to_json }}", "dest": str(target)}}
    task["no_log"] = True
    done = play(
        folder, {"cosmogony_tiles_engine": "trex", "cosmogony_database_host": "db.example.org"} | variables, [task]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    secret = json.loads(target.read_text())
    assert secret["metadata"]["name"] == "cosmogony-trex"
    return urllib.parse.urlsplit(base64.b64decode(secret["data"]["url"]).decode())


def check(url: urllib.parse.SplitResult) -> None:
    assert (url.scheme, url.hostname, url.query, url.fragment) == ("postgresql", "db.example.org", "", "")
    assert url.username is not None and url.password is not None
    assert urllib.parse.unquote(url.password) == PASSWORD
    assert not set(url.password) & set("/@:?#&=+ ")


def test_the_address_carries_any_password(tmp_path: Path) -> None:
    url = address(
        tmp_path,
        {
            "cosmogony_database_password": PASSWORD,
            "cosmogony_database_user": "geo/user",
            "cosmogony_database_name": "zo nes",
            "cosmogony_database_port": 6432,
        },
    )
    check(url)
    assert (urllib.parse.unquote(url.username or ""), url.port, url.path) == ("geo/user", 6432, "/zo%20nes")


def test_the_address_is_made_from_an_existing_secret(tmp_path: Path) -> None:
    def coded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    found = {"resources": [{"data": {"user": coded("theirs"), "password": coded(PASSWORD)}}]}
    url = address(tmp_path, {"cosmogony_database_existing_secret": "theirs", "__chart_database_found": found})
    check(url)
    assert (url.username, url.path) == ("theirs", "/cosmogony")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"cosmogony_tiles_engine": "trex"}, "cosmogony_trex_image is empty"),
        (
            {"chart_values": {"tiles": {"engine": "trex"}, "data": {"releasesKeep": 2}}},
            "chart_values.data.releasesKeep is called cosmogony_releases_keep now - chart_values.tiles.engine",
        ),
        ({"cosmogony_tiles_engine": "mapserver"}, "give one of martin, trex"),
        ({"images_references": {"api": "r.example.org/x:1"}}, "No image for importer, tiles, web"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path: Path, variables: dict[str, Any], said: str) -> None:
    images = dict.fromkeys(("importer", "api", "tiles", "web"), "r.example.org/x:1")
    task = {"ansible.builtin.include_role": {"name": "cosmogony.stack.chart", "tasks_from": "preflight.yml"}}
    done = play(tmp_path, {"images_references": images} | variables, [task])
    assert done.returncode != 0
    assert said in " ".join((done.stdout + done.stderr).split()), done.stdout


@pytest.mark.parametrize(
    ("labels", "port", "engine"),
    [
        ({"cosmogony.stack/tiles-engine": "trex"}, 6767, "trex"),
        ({"cosmogony.stack/tiles-engine": "martin"}, 3000, "martin"),
        ({}, 6767, "trex"),  # an earlier version
        ({}, 3000, "martin"),
    ],
)
def test_the_engine_that_runs_is_known(tmp_path: Path, labels: dict[str, str], port: int, engine: str) -> None:
    """It is not changed while a run works for it."""
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"ports": [{"containerPort": port}]}]}}
    task = {"ansible.builtin.assert": {"that": f"__chart_engine_found == '{engine}'"}}
    done = play(tmp_path, {"__chart_tiles_found": {"resources": [{"spec": {"template": pod}}]}}, [task])
    assert done.returncode == 0, done.stdout + done.stderr
