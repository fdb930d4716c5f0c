# SPDX-License-Identifier: Apache-2.0
"""What a release costs grows hardly faster than its zones: to load it, to keep it, and to find zones in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from checkout import CHECKOUT

PATH = ("tests", "images/importer/tests", "tests/bench/release")
COPIES = (50, 500)  # of 198 zones: about 10,000 and 100,000
TOLERANCE = 0.001  # degrees; whole borders, 150 million points, take most of an hour
LIMIT = 1.1


@pytest.mark.long
def test_costs_grow_no_faster_than_the_zones() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "tests/bench/api/lookups.py",
            "--copies",
            ",".join(map(str, COPIES)),
            f"--simplify={TOLERANCE}",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATH)},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=3600,
        check=True,
    )
    print(done.stdout)
    exponents = {name: float(value) for name, value in re.findall(r"exponent of (\w+): (-?[\d.]+)", done.stdout)}
    assert set(exponents) == {"load", "disk", "single", "batch", "search"}
    assert {name: value for name, value in exponents.items() if value >= LIMIT} == {}
