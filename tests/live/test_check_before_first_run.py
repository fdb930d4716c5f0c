# SPDX-License-Identifier: Apache-2.0
"""Check mode says what a first run would change, and ends well where nothing is there yet."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT


@pytest.mark.long
def test_check_mode_before_the_first_run(tmp_path: Path) -> None:
    """In separate namespaces, where the ports of the running cluster are free and its kubelet is not seen."""
    command: list[str | Path] = ["unshare", "--net", "--mount", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
    command += [Path(sys.executable).with_name("ansible-playbook"), CHECKOUT / "local/playbooks/local.yml", "--check"]
    command += ["--diff", "--inventory", CHECKOUT / "inventories/local", "-e", "local_provider=native"]
    command += ["-e", f"cosmogony_state_dir={tmp_path / 'state'}", "-e", f"local_cluster_run_dir={tmp_path / 'run'}"]
    command += ["-e", f"local_cluster_cache_dir={tmp_path / 'cache'}"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    said = " ".join(done.stdout.split())
    assert re.search(r"kubernetes, martin, [^:]*: missing, so they would be downloaded or built", said)
    assert re.search(r"changed=[1-9]\d* .*failed=0", done.stdout)
    # The generated credentials are all that Ansible writes while it reads the inventory.
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secrets"]
