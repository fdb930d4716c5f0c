# SPDX-License-Identifier: Apache-2.0
"""Expected counts that the live release meets and this one does not."""

from __future__ import annotations

from typing import Any

import psycopg

from ..releases import catalog
from ..releases.catalog import Release
from .result import CheckResult

NAMED = 20
Row = dict[str, Any]  # an expected count, as the statistics have it


def check_expected_counts(connection: psycopg.Connection, release: Release, live: Release, limit: int) -> CheckResult:
    """Compare the statistics; a row whose expectation itself has changed says nothing of the data.

    Args:
        connection: reads the statistics.
        release: the one to judge.
        live: the one to compare with.
        limit: how many expected counts may turn from ok to ko.
    """
    before, after = _read_rows(connection, live), _read_rows(connection, release)
    turned = [
        (before[key], row)
        for key, row in after.items()
        if row.get("test_status") == "ko" and key in before and _was_met(before[key], row)
    ]
    figures = {
        "rows": len(after),
        "ok": _count(after, "ok"),
        "ko": _count(after, "ko"),
        "ok_before": _count(before, "ok"),
        "turned": [
            {
                "name": row.get("name"),
                "country": row.get("country_code"),
                "type": row.get("zone_type"),
                "before": had.get("total"),
                "after": row.get("total"),
                "expected": [row.get("expected_min"), row.get("expected_max")],
            }
            for had, row in turned
        ],
    }
    if len(turned) <= limit:
        return CheckResult([], figures)
    findings = [
        f"country {row.get('country_code') or '-'} ({row.get('name')}), type {row.get('zone_type')}: "
        f"{row.get('total'):g} zones, expected {row.get('expected_min'):g} to {row.get('expected_max'):g}, "
        f"{had.get('total'):g} in the live release {live.id}"
        for had, row in turned[:NAMED]
    ]
    if len(turned) > NAMED:
        findings.append(f"{len(turned) - NAMED} more expected counts are no longer met")
    findings[0] = f"{len(turned)} expected counts turned ko, limit {limit}; {findings[0]}"
    return CheckResult(findings, figures)


def _read_rows(connection: psycopg.Connection, release: Release) -> dict[tuple[str, str], Row]:
    document = catalog.read_document(connection, release.schema_name, "statistics")
    return {_identify(row): row for row in document if isinstance(row, dict)} if isinstance(document, list) else {}


def _identify(row: Row) -> tuple[str, str]:
    return str(row.get("wikidata_id") or row.get("name") or ""), str(row.get("zone_type") or "")


def _was_met(before: Row, now: Row) -> bool:
    same = all(before.get(bound) == now.get(bound) for bound in ("expected_min", "expected_max"))
    return same and before.get("test_status") == "ok"


def _count(rows: dict[tuple[str, str], Row], status: str) -> int:
    return sum(row.get("test_status") == status for row in rows.values())
