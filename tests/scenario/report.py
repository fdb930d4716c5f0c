# SPDX-License-Identifier: Apache-2.0
"""The table of what was broken and what was seen."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, fields

WIDTHS = {"fault": 30, "seen": 52, "stood": 22, "next_run": 12, "leftovers": 18, "seconds": 7}
TITLES = {
    "fault": "fault", "seen": "what was seen", "stood": "live release", "next_run": "next run",
    "leftovers": "leftovers", "seconds": "seconds",
}  # fmt: skip


@dataclass
class Row:
    fault: str
    seen: str = ""
    stood: str = ""
    next_run: str = ""
    leftovers: str = ""
    seconds: str = ""


ROWS: list[Row] = []


def table(rows: list[Row]) -> list[str]:
    """The rows as lines of text, long cells wrapped."""
    lines = _lines(Row(**TITLES))
    rule = ["-" * sum(width + 2 for width in WIDTHS.values())]
    lines += rule
    for row in rows:
        lines += _lines(row)
    return lines


def _lines(row: Row) -> list[str]:
    cells = [textwrap.wrap(getattr(row, field.name), WIDTHS[field.name]) or [""] for field in fields(Row)]
    height = max(len(cell) for cell in cells)
    return [
        "  ".join(
            (cell[line] if line < len(cell) else "").ljust(width)
            for cell, width in zip(cells, WIDTHS.values(), strict=True)
        ).rstrip()
        for line in range(height)
    ]
