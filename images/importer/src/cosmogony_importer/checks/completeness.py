# SPDX-License-Identifier: Apache-2.0
"""Extracts whose own country boundary is truncated: what lies below a cut boundary would be lost without a message."""

from __future__ import annotations

from typing import Any

import psycopg
from cosmogony_steps.errors import StepError

from ..releases import catalog
from ..releases.catalog import Release
from .result import CheckResult

BLOCK, ALLOW = "block", "allow"
NAMED = 5  # relations of a source
STORED = 50  # relations that are kept with the verdict
Relation = dict[str, Any]  # an incomplete boundary, as the manifest has it


def check_completeness(
    connection: psycopg.Connection, release: Release, live: Release | None, policy: str
) -> CheckResult:
    """Find truncated boundaries; what is truncated in the same way in the live release was accepted with that one.

    Args:
        connection: reads the manifests.
        release: the one to judge.
        live: the one to compare with.
        policy: `block`, or `allow` for figures without findings.

    Raises:
        StepError: there is no such policy.
    """
    if policy not in (BLOCK, ALLOW):
        raise StepError(f"--incomplete is {policy!r}, wanted {BLOCK} or {ALLOW}")
    relations = _list_incomplete(connection, release)
    known = {_identify(relation) for relation in _list_incomplete(connection, live)} if live else set()
    new = [relation for relation in relations if _identify(relation) not in known]
    figures = {"relations": len(relations), "new": len(new), "policy": policy, "named": relations[:STORED]}
    if not new or policy == ALLOW:
        return CheckResult([], figures)
    by_source: dict[str, list[Relation]] = {}
    for relation in new:
        by_source.setdefault(str(relation.get("source")), []).append(relation)
    return CheckResult([_describe_source(source, cut) for source, cut in sorted(by_source.items())], figures)


def describe_relation(relation: Relation) -> str:
    """Name an incomplete boundary and what became of it."""
    level = f", level {relation['admin_level']}" if relation.get("admin_level") else ""
    state = "cut" if relation.get("has_geometry") else "left out"
    return (
        f"{relation.get('osm_id')} {relation.get('name')} ({relation.get('missing')} members missing{level}: {state})"
    )


def _describe_source(source: str, cut: list[Relation]) -> str:
    named = "; ".join(describe_relation(relation) for relation in cut[:NAMED])
    more = f"; and {len(cut) - NAMED} more" if len(cut) > NAMED else ""
    return (
        f"source {source} does not hold its own country whole, {len(cut)} boundaries are incomplete: {named}{more}. "
        "Take an extract that holds them, or accept extracts like it (chart value data.gate.incomplete: allow)"
    )


def _list_incomplete(connection: psycopg.Connection, release: Release) -> list[Relation]:
    relations = catalog.read_manifest(connection, release).get("incomplete")
    return [relation for relation in relations or [] if isinstance(relation, dict)]


def _identify(relation: Relation) -> tuple[Any, ...]:
    """Return what makes it the same one in two releases; one that has lost its geometry, too, is new."""
    return relation.get("source"), relation.get("osm_id"), bool(relation.get("has_geometry"))
