# SPDX-License-Identifier: Apache-2.0
"""Real zones of real extracts, made by the extractor of this repository."""

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

DATA = CHECKOUT / "tests" / "data"
EXTRACTOR = CHECKOUT / "images" / "cosmogony" / "src"

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("osmium", "shapely", "numpy")),
    reason="needs the extractor's libraries (osmium, shapely, numpy)",
)


def count_zones(extract: str, country: str, folder: Path) -> dict[str, tuple[float, str]]:
    """The result of each zone type of a country, with the zones of an extract; no count is ko."""
    zones, output = folder / "zones.jsonl.gz", folder / "result.json"
    command = [sys.executable, "-m", "cosmogony", "generate", "-i", str(DATA / extract), "-o", str(zones)]
    environment = {**os.environ, "PYTHONPATH": str(EXTRACTOR)}
    subprocess.run([*command, "--country-code", country], env=environment, check=True, capture_output=True)
    assert main([f"--cosmogony={zones}", f"--output={output}"]) == 0
    return {
        record["zone_type"]: (record["total"], record["test_status"])
        for record in json.loads(output.read_text())
        if record["country_code"] == country
    }


def test_the_thirteen_cantons_of_luxembourg_are_ok(tmp_path: Path) -> None:
    found = count_zones("luxembourg_filtered.osm.pbf", "LU", tmp_path)
    assert found["state_district"] == (13, "ok")
    assert found["city"][1] == "ok"


def test_liechtenstein_is_found_without_a_wikidata_id(tmp_path: Path) -> None:
    found = count_zones("liechtenstein-2013-08-03.osm.pbf", "LI", tmp_path)
    assert found == {"city": (11, "ok")}
