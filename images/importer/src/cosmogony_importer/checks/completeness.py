# SPDX-License-Identifier: Apache-2.0
"""Check that extracts contain their country: zones below a truncated boundary would be lost without a message."""

from __future__ import annotations

import psycopg
from cosmogony_steps.documents import IncompleteFigures, IncompleteOfSource, IncompletePolicy
from cosmogony_steps.settings import GateSettings
from cosmogony_steps.shortening import join_first

from ..releases import catalog
from ..releases.catalog import Release

MAX_NAMED = 5  # relations of a source that a finding names
MAX_STORED = 50  # relations that the report of the gate lists


def check_completeness(
    connection: psycopg.Connection, release: Release, live: Release | None, limits: GateSettings
) -> tuple[list[str], IncompleteFigures]:
    """Find boundaries with missing members; those that the live release has too were accepted with it.

    Args:
        connection: reads the manifests.
        release: the release to check.
        live: the release to compare with.
        limits: say whether truncated boundaries block the release.

    Returns:
        The findings, each of which blocks the release, and the figures for the report.
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
    figures = IncompleteFigures(relations=len(relations), new=len(new), policy=policy, named=relations[:MAX_STORED])
    return [_describe_source(source, cut) for source, cut in sorted(by_source.items())], figures


def describe_incomplete_boundary(relation: IncompleteOfSource) -> str:
    """Return a boundary as text: its name, how many members are missing, whether it has a geometry."""
    level = f", level {relation.admin_level}" if relation.admin_level else ""
    state = "cut" if relation.has_geometry else "left out"
    return f"{relation.osm_id} {relation.name} ({relation.missing} members missing{level}: {state})"


def _describe_source(source: str, cut: list[IncompleteOfSource]) -> str:
    named = join_first([describe_incomplete_boundary(relation) for relation in cut], MAX_NAMED, separator="; ")
    return (
        f"source {source} does not contain all of its country, {len(cut)} boundaries are incomplete: {named}. "
        "Use an extract that contains them, or accept incomplete extracts (cosmogony_gate_incomplete: allow)"
    )


def _identify(relation: IncompleteOfSource) -> tuple[str, str, bool]:
    """Return what identifies an incomplete boundary in two releases; one that lost its geometry counts as new."""
    return relation.source, relation.osm_id, relation.has_geometry
