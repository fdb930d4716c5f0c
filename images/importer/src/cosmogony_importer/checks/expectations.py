# SPDX-License-Identifier: Apache-2.0
"""Expected counts that were met by the live release and are not by this one."""

from __future__ import annotations

from typing import Any

import psycopg

from ..releases import catalog
from ..releases.catalog import Release

NAMED = 20
Row = dict[str, Any]


def check(
    connection: psycopg.Connection, release: Release, live: Release, limit: int
) -> tuple[list[str], dict[str, Any]]:
    """Findings and figures; a row whose expectation itself has changed says nothing of the data."""
    before, after = _rows(connection, live), _rows(connection, release)
    turned = [row for key, row in after.items() if row.get("test_status") == "ko" and _was_ok(before.get(key), row)]
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
                "before": before[_key(row)].get("total"),
                "after": row.get("total"),
                "expected": [row.get("expected_min"), row.get("expected_max")],
            }
            for row in turned
        ],
    }
    if len(turned) <= limit:
        return [], figures
    findings = [
        f"country {row.get('country_code') or '-'} ({row.get('name')}), type {row.get('zone_type')}: "
        f"{row.get('total'):g} zones, expected {row.get('expected_min'):g} to {row.get('expected_max'):g}, "
        f"{before[_key(row)].get('total'):g} in the live release {live.id}"
        for row in turned[:NAMED]
    ]
    if len(turned) > NAMED:
        findings.append(f"{len(turned) - NAMED} more expected counts are no longer met")
    findings[0] = f"{len(turned)} expected counts turned ko, limit {limit}; {findings[0]}"
    return findings, figures


def _rows(connection: psycopg.Connection, release: Release) -> dict[tuple[str, str], Row]:
    document = catalog.document(connection, release.schema_name, "statistics")
    return {_key(row): row for row in document if isinstance(row, dict)} if isinstance(document, list) else {}


def _key(row: Row) -> tuple[str, str]:
    return str(row.get("wikidata_id") or row.get("name") or ""), str(row.get("zone_type") or "")


def _was_ok(before: Row | None, now: Row) -> bool:
    if before is None or before.get("test_status") != "ok":
        return False
    return all(before.get(bound) == now.get(bound) for bound in ("expected_min", "expected_max"))


def _count(rows: dict[tuple[str, str], Row], status: str) -> int:
    return sum(row.get("test_status") == status for row in rows.values())
