# SPDX-License-Identifier: Apache-2.0
"""Extracts whose own country boundary is truncated: what lies below a cut boundary would be lost without a message."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import IncompleteFigures, IncompleteOfSource, IncompletePolicy
from cosmogony_steps.settings import GateSettings
from cosmogony_steps.shortening import join_first

from ..releases import catalog
from ..releases.catalog import Release
from .result import CheckResult

MAX_NAMED = 5  # relations of a source
MAX_STORED = 50  # relations that are kept with the verdict


def check_completeness(
    connection: psycopg.Connection, release: Release, live: Release | None, limits: GateSettings
) -> CheckResult[IncompleteFigures]:
    """Find truncated boundaries; what is truncated in the same way in the live release was accepted with that one.

    Args:
        connection: reads the manifests.
        release: the one to judge.
        live: the one to compare with.
        limits: whether they block the release.
    """
    relations = catalog.read_manifest(connection, release).incomplete
    accepted = catalog.read_manifest(connection, live).incomplete if live else ()
    known = {_identify(relation) for relation in accepted}
    new = [relation for relation in relations if _identify(relation) not in known]
    by_source: dict[str, list[IncompleteOfSource]] = {}
    policy = IncompletePolicy(limits.incomplete)
    if policy == IncompletePolicy.BLOCK:
        for relation in new:
            by_source.setdefault(relation.source, []).append(relation)
    return CheckResult(
        [_describe_source(source, cut) for source, cut in sorted(by_source.items())],
        IncompleteFigures(relations=len(relations), new=len(new), policy=policy, named=relations[:MAX_STORED]),
    )


def describe_relation(relation: IncompleteOfSource) -> str:
    """Name an incomplete boundary and what became of it."""
    level = f", level {relation.admin_level}" if relation.admin_level else ""
    state = "cut" if relation.has_geometry else "left out"
    return f"{relation.osm_id} {relation.name} ({relation.missing} members missing{level}: {state})"


def _describe_source(source: str, cut: list[IncompleteOfSource]) -> str:
    named = join_first([describe_relation(relation) for relation in cut], MAX_NAMED, separator="; ")
    return (
        f"source {source} does not hold its own country whole, {len(cut)} boundaries are incomplete: {named}. "
        "Take an extract that holds them, or accept extracts like it (cosmogony_gate_incomplete: allow)"
    )


def _identify(relation: IncompleteOfSource) -> tuple[str, str, bool]:
    """Return what makes it the same one in two releases; one that has lost its geometry, too, is new."""
    return relation.source, relation.osm_id, relation.has_geometry
