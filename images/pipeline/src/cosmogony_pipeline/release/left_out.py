# SPDX-License-Identifier: Apache-2.0
"""Convert and add up the tables of objects that the extractor left out or repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cosmogony.findings import FindingCount, FindingTable
from cosmogony_steps.conversion import convert_value
from cosmogony_steps.documents import FindingRow, to_json


def to_finding_rows(rows: Sequence[FindingCount]) -> tuple[FindingRow, ...]:
    """Return a table of the extractor as rows of markers and manifests."""
    return convert_value(rows, tuple[FindingRow, ...])


def sum_findings(tables: Iterable[Sequence[FindingRow]]) -> tuple[FindingRow, ...]:
    """Return the sum of the tables of several sources; an object in two sources counts twice."""
    findings = FindingTable()
    for rows in tables:
        findings.add_rows(to_json(rows))
    return to_finding_rows(findings.to_rows())


def count_by_reason(rows: Iterable[FindingRow]) -> dict[str, int]:
    """Return the number of OSM objects by reason, in alphabetical order of the reasons."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row.reason] += row.count
    return dict(sorted(counted.items()))
