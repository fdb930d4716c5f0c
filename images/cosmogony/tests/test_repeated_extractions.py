# SPDX-License-Identifier: Apache-2.0
"""The same extraction over and over beside other work: none hangs, and all give the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import CHECKOUT

ROUNDS = int(os.environ.get("EXTRACTIONS", "20"))
LIMIT = 900  # seconds for one; on a machine with nothing else to do it takes half a minute at most
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosmogony-stack" / "npm"


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory, luxembourg: Path) -> dict[str, Path]:
    """What sample world consists of, and 40 Luxembourgs."""
    folder = tmp_path_factory.mktemp("extracts")
    role = CHECKOUT / "local/roles/samples"
    atlases = yaml.safe_load((role / "defaults/main.yml").read_text())["samples_atlas_files"]
    options = {"dir": str(folder), "cache": str(CACHE), "registry": "", "files": atlases}
    subprocess.run(
        [sys.executable, role / "files/atlas.py", "make"], input=json.dumps(options).encode(), check=True, timeout=LIMIT
    )
    copies = folder / "luxembourgs.osm.pbf"
    replicate = CHECKOUT / "tests/bench/extractor/replicate.py"
    subprocess.run([sys.executable, replicate, luxembourg, "40", copies], check=True, timeout=LIMIT)
    return {**{atlas["atlas"]: folder / atlas["name"] for atlas in atlases}, "luxembourgs": copies}


@pytest.mark.long
@pytest.mark.parametrize("name", ["world", "united_states", "luxembourgs"])
def test_every_extraction_ends_with_the_same_bytes(
    extracts: dict[str, Path], name: str, tmp_path: Path, beside: None
) -> None:
    zones = tmp_path / "zones.jsonl.gz"
    command = [sys.executable, "-m", "cosmogony", "-i", extracts[name], "-o", zones, "--num-threads", "2"]
    digests = set()
    for _ in range(ROUNDS):
        subprocess.run(command, check=True, timeout=LIMIT)
        digests.add(hashlib.sha256(zones.read_bytes()).hexdigest())
        zones.unlink()
    assert len(digests) == 1
