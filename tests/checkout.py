# SPDX-License-Identifier: Apache-2.0
"""Paths of the checkout."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DATA = CHECKOUT / "tests/data"
IMAGES = CHECKOUT / "images"
