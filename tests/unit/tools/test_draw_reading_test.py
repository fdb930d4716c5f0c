# SPDX-License-Identifier: Apache-2.0
"""The reading test draws the same lists again, from the product only."""

from __future__ import annotations

import subprocess
import sys

from checkout import CHECKOUT


def draw(*options: str) -> list[str]:
    command = [sys.executable, str(CHECKOUT / "tools/draw_reading_test.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line[:3].strip().isdigit()]


def test_same_seed_draws_the_same_lists() -> None:
    assert draw("--seed=3") == draw("--seed=3")
    assert draw("--seed=3") != draw("--seed=4")
    assert len(draw("--seed=3")) == 20


def test_places_are_shown_on_demand_and_name_no_tests() -> None:
    drawn = draw("--seed=3", "--count=200", "--places")
    assert [line.rsplit("  [", 1)[0] for line in drawn] == draw("--seed=3", "--count=200")
    assert not any("/tests/" in line or "[tests/" in line for line in drawn)
