# SPDX-License-Identifier: Apache-2.0
"""The extractor's tables of what was left out or repaired, as markers and manifests have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cosmogony.findings import Findings, Row


def add_up(tables: Iterable[Sequence[Row]]) -> list[Row]:
    """One table of several; an object that two sources hold counts twice."""
    findings = Findings()
    for rows in tables:
        findings.add_rows(rows)
    return findings.rows()


def by_reason(rows: Iterable[Row]) -> dict[str, int]:
    """How many objects each reason has, in the order of the reasons."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row["reason"]] += row["count"]
    return dict(sorted(counted.items()))
