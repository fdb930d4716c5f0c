# SPDX-License-Identifier: Apache-2.0
"""Which playbooks `make local` runs at the same time; a program that writes its arguments down stands for Ansible."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import CHECKOUT

ANSIBLE = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
  *"$FAILS"*) exit 3 ;;
  *images*) sleep "$IMAGES_SECONDS"; echo "images are built" >> "$CALLS" ;;
esac
"""
LOCAL = "local/playbooks/local.yml -i inventories/local"
IMAGES = "site.yml -i inventories/local --tags images"
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def bring_up(tmp_path: Path) -> Run:
    program = tmp_path / "bin/ansible-playbook"
    program.parent.mkdir()
    program.write_text(ANSIBLE)
    program.chmod(0o755)
    calls = tmp_path / "calls"

    def run(*options: str, fails: str = "nothing", images_seconds: float = 0) -> tuple[int, list[str]]:
        calls.write_text("")
        done = subprocess.run(
            [CHECKOUT / "tools/bring_up_cluster.sh", tmp_path, *options],
            env={
                **os.environ,
                "PATH": f"{program.parent}:{os.environ['PATH']}",
                "CALLS": str(calls),
                "FAILS": fails,
                "IMAGES_SECONDS": str(images_seconds),
            },
            timeout=60,
            check=False,
        )
        return done.returncode, calls.read_text().splitlines()

    return run


def test_the_first_time_images_are_built_beside_the_services(bring_up: Run) -> None:
    code, calls = bring_up("-e", "a=b", images_seconds=0.5)
    assert code == 0
    assert calls[0] == f"{LOCAL} --tags local_cluster -e a=b"
    assert sorted(calls[1:3]) == [f"{LOCAL} --skip-tags local_cluster -e a=b", f"{IMAGES} -e a=b"]
    assert calls[3:] == ["images are built"], "it waits for them"


def test_a_cluster_that_is_there_is_brought_up_in_one_go(bring_up: Run, tmp_path: Path) -> None:
    (tmp_path / "local_cluster.json").write_text("{}")
    assert bring_up("-e", "a=b") == (0, [f"{LOCAL} -e a=b"])


@pytest.mark.parametrize("option", ["--check", "-C", "--tags=samples", "-t"])
def test_options_that_leave_something_out_are_passed_on_alone(bring_up: Run, option: str) -> None:
    assert bring_up(option, "x") == (0, [f"{LOCAL} {option} x"])


def test_images_that_fail_are_left_to_the_next_phase(bring_up: Run) -> None:
    code, calls = bring_up(fails="--tags images")
    assert (code, len(calls)) == (0, 3)


def test_services_that_fail_end_it_and_the_images(bring_up: Run) -> None:
    code, calls = bring_up(fails="--skip-tags", images_seconds=30)
    assert code == 3
    assert "images are built" not in calls


def test_a_cluster_that_fails_ends_it(bring_up: Run) -> None:
    assert bring_up(fails="--tags local_cluster") == (3, [f"{LOCAL} --tags local_cluster"])
