# SPDX-License-Identifier: Apache-2.0
"""Real zones of a real extract, made by the extractor of this repository."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT
from cosmogony_dashboard.cli import main

EXTRACT = CHECKOUT / "tests" / "data" / "luxembourg_filtered.osm.pbf"
EXTRACTOR = CHECKOUT / "images" / "cosmogony" / "src"


@pytest.mark.skipif(
    not EXTRACT.exists() or any(importlib.util.find_spec(name) is None for name in ("osmium", "shapely", "numpy")),
    reason="needs the repository's extract and the extractor's libraries (osmium, shapely, numpy)",
)
def test_the_thirteen_cantons_of_luxembourg_are_ok(tmp_path: Path) -> None:
    zones, output = tmp_path / "luxembourg.jsonl.gz", tmp_path / "result.json"
    command = [sys.executable, "-m", "cosmogony", "generate", "-i", str(EXTRACT), "-o", str(zones)]
    environment = {**os.environ, "PYTHONPATH": str(EXTRACTOR)}
    subprocess.run([*command, "--country-code", "LU"], env=environment, check=True, capture_output=True)
    assert main([f"--cosmogony={zones}", f"--output={output}"]) == 0
    found = {
        record["zone_type"]: (record["total"], record["test_status"])
        for record in json.loads(output.read_text())
        if record["wikidata_id"] == "Q32"
    }
    assert found["state_district"] == (13, "ok")
    assert found["city"][1] == "ok"
