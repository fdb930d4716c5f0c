# SPDX-License-Identifier: Apache-2.0
"""Make the output parameters of step plan, short enough for Argo however many sources there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cosmogony_steps.documents import Plan, PlannedSource, SourceState
from cosmogony_steps.shortening import keep_first_within_bytes

_STATES = list(SourceState)


def make_outputs(plan: Plan, key: str) -> dict[str, object]:
    """Return the output parameters of step plan, by name.

    Args:
        plan: the plan.
        key: of the stored plan.
    """
    return {
        "plan": key,
        "batches": list(range(len(plan.batches))),
        "changed": plan.changed,
        "message": plan.message,
        "release": plan.release,
        "details": _make_details(plan, key),
        "fetch-bytes": plan.fetch_bytes,
        "merge-disk": plan.merge_disk,
    }


def _make_details(plan: Plan, key: str) -> dict[str, Any]:
    """Return the number of sources by state, and the first sources, those with the most to do first."""
    ordered = sorted(plan.details, key=lambda source: _STATES.index(source.state))
    listed = keep_first_within_bytes(map(_describe, ordered))
    return {
        "states": Counter(source.state for source in ordered),
        "sources": listed,
        "more": len(ordered) - len(listed),
        "all": key,
    }


def _describe(source: PlannedSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "state": source.state,
        "size": source.size,
        "fetch_bytes": source.fetch_bytes,
        "version_date": source.version_date,
        "lacks_md5": source.resolved_url is not None and not source.md5_published,
    }
