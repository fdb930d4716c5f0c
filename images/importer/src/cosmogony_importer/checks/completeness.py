# SPDX-License-Identifier: Apache-2.0
"""Sources that do not hold their own country whole: what is below a cut boundary would be lost without a word."""

from __future__ import annotations

from typing import Any

import psycopg

from ..errors import ImporterError
from ..releases import catalog
from ..releases.catalog import Release

BLOCK, ALLOW = "block", "allow"
NAMED = 5
Relation = dict[str, Any]


def check(
    connection: psycopg.Connection, release: Release, live: Release | None, policy: str
) -> tuple[list[str], dict[str, Any]]:
    """Findings and figures. What was cut in the same way in the live release was accepted with that one."""
    if policy not in (BLOCK, ALLOW):
        raise ImporterError(f"--incomplete is {policy!r}, wanted {BLOCK} or {ALLOW}")
    relations = _incomplete(connection, release)
    known = {_what(relation) for relation in _incomplete(connection, live)} if live else set()
    new = [relation for relation in relations if _what(relation) not in known]
    figures = {"relations": len(relations), "new": len(new), "policy": policy, "named": relations[:50]}
    if not new or policy == ALLOW:
        return [], figures
    by_source: dict[str, list[Relation]] = {}
    for relation in new:
        by_source.setdefault(str(relation.get("source")), []).append(relation)
    return [_finding(source, cut) for source, cut in sorted(by_source.items())], figures


def describe(relation: Relation) -> str:
    level = f", level {relation['admin_level']}" if relation.get("admin_level") else ""
    state = "cut" if relation.get("has_geometry") else "left out"
    return (
        f"{relation.get('osm_id')} {relation.get('name')} ({relation.get('missing')} members missing{level}: {state})"
    )


def _finding(source: str, cut: list[Relation]) -> str:
    named = "; ".join(describe(relation) for relation in cut[:NAMED])
    more = f"; and {len(cut) - NAMED} more" if len(cut) > NAMED else ""
    return (
        f"source {source} does not hold its own country whole, {len(cut)} boundaries are incomplete: {named}{more}. "
        "Take an extract that holds them, or accept extracts like it (chart value data.gate.incomplete: allow)"
    )


def _incomplete(connection: psycopg.Connection, release: Release) -> list[Relation]:
    manifest = catalog.document(connection, release.schema_name, "manifest")
    relations = manifest.get("incomplete") if isinstance(manifest, dict) else None
    return [relation for relation in relations or [] if isinstance(relation, dict)]


def _what(relation: Relation) -> tuple[Any, ...]:
    """Losing its geometry, too, is new."""
    return relation.get("source"), relation.get("osm_id"), bool(relation.get("has_geometry"))
