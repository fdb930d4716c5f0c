# SPDX-License-Identifier: Apache-2.0
"""The extractor's tables of what was left out or repaired, as markers and manifests have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cosmogony.findings import Findings, Row
from cosmogony_steps.documents import FindingRow, to_json


def from_extractor(rows: Iterable[Row]) -> tuple[FindingRow, ...]:
    """Return a table of the extractor as a document has it."""
    return tuple(
        FindingRow(
            reason=row["reason"],
            country_code=row["country_code"],
            admin_level=row["admin_level"],
            place=row["place"],
            count=row["count"],
            examples=tuple(row["examples"]),
        )
        for row in rows
    )


def add_up(tables: Iterable[Sequence[FindingRow]]) -> tuple[FindingRow, ...]:
    """Return one table of several; an object that two sources hold counts twice."""
    findings = Findings()
    for rows in tables:
        findings.add_rows(to_json(rows))
    return from_extractor(findings.rows())


def by_reason(rows: Iterable[FindingRow]) -> dict[str, int]:
    """How many objects each reason has, in the order of the reasons."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row.reason] += row.count
    return dict(sorted(counted.items()))
