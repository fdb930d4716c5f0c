# SPDX-License-Identifier: Apache-2.0
"""`make local` hands its options to the playbooks and remembers them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import CHECKOUT

Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    return tmp_path / "make-local.mk"


@pytest.fixture
def make(remembered: Path) -> Make:
    """Return what shows the commands of `make local`, and remembers its options as a real run does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "--dry-run", "--no-print-directory", "local", f"REMEMBERED={remembered}", *arguments]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False)
        for line in done.stdout.splitlines():
            if "tools/remember_options.sh" in line:
                subprocess.run(["bash", "-c", line.strip()], cwd=CHECKOUT, check=True, timeout=30)
        return done

    return run


def list_playbooks(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The commands that run playbooks: those of the cluster, and site.yml."""
    runs = ("tools/bring_up_cluster.sh", "ansible-playbook site.yml")
    playbooks = [line for line in done.stdout.splitlines() if any(run in line for run in runs)]
    assert len(playbooks) == 2
    return playbooks


def test_make_takes_a_sample_and_gives_the_gate_a_reason(make: Make):
    for line in list_playbooks(make("SAMPLE=liechtenstein")):
        assert "-e cosmogony_sample=liechtenstein" in line
        assert "-e data_update_run=always" in line
        assert '"data_update_override": "make local was given the sample liechtenstein"' in line


def test_make_alone_leaves_the_sample_to_the_inventory(make: Make):
    assert "cosmogony_sample" not in make().stdout


def test_make_remembers_options_without_another_update(make: Make, remembered: Path):
    make("SAMPLE=liechtenstein", "LISTEN=0.0.0.0:8080")
    for line in list_playbooks(make()):
        assert "-e cosmogony_sample=liechtenstein" in line
        assert "-e local_cluster_listen=0.0.0.0:8080" in line
        assert "data_update_run" not in line
    assert remembered.stat().st_mode & 0o077 == 0


def test_make_forgets_a_sample_for_a_source_and_a_source_for_a_sample(make: Make):
    make("SAMPLE=liechtenstein")
    url = "https://e.example/a.osm.pbf?token=a$b#c&d=1"
    make(f"SOURCE={url.replace('$', '$$')}", "COUNTRY=li")
    for line in list_playbooks(make()):
        assert f"-e 'cosmogony_source={url}' -e 'cosmogony_country=li'" in line
        assert "cosmogony_sample" not in line
    assert "cosmogony_country=li" not in make("SOURCE=https://e.example/b.osm.pbf").stdout
    make("SAMPLE=liechtenstein")
    assert "cosmogony_source" not in make().stdout


def test_make_takes_the_defaults_again_when_given_blanks(make: Make):
    make("SAMPLE=liechtenstein", "LISTEN=0.0.0.0:8080")
    for line in list_playbooks(make("SAMPLE=", "LISTEN=")):
        assert '"make local was given the sample world"' in line
    assert "cosmogony_sample" not in make().stdout
    assert "local_cluster_listen" not in make().stdout


def test_make_can_be_told_not_to_remember(make: Make, remembered: Path):
    make("SAMPLE=liechtenstein")
    before = remembered.read_text()
    assert "cosmogony_sample" not in make("REMEMBER=no").stdout
    make("REMEMBER=no", "SAMPLE=world")
    assert remembered.read_text() == before


@pytest.mark.parametrize(
    "arguments", [["SAMPLE=moon"], ["SAMPLE=world liechtenstein"], ["SAMPLE=liechtenstein", "SOURCE=x"]]
)
def test_make_refuses_unknown_or_contradictory_samples(make: Make, arguments: list[str]):
    done = make(*arguments)
    assert done.returncode == 2
    assert "SAMPLE" in done.stderr
    assert "ansible-playbook" not in done.stdout
