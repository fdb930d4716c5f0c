# SPDX-License-Identifier: Apache-2.0
"""An expected count is judged only where the data claim its zone type; what the live release claims stays claimed."""

from __future__ import annotations

from typing import Any

import pytest
from cosmogony_steps.documents import Claims, Manifest, Statistics
from cosmogony_steps.settings import SourceSettings

INPUTS = dict.fromkeys(("rules", "extractor", "importer", "dashboard"), "0") | {"languages": [], "tiles_max_zoom": 9}


def manifest(by_country: dict[str, dict[str, int]] | None = None, **sources: str) -> Manifest:
    """Return a manifest with counts by country and zone type, and sources with their country codes."""
    url = "https://e.org/x"
    document = {
        "id": "a",
        "inputs": INPUTS
        | {"sources": [{"name": n, "url": url, "sha256": "0", "country_code": c} for n, c in sources.items()]},
        "sources": [{"name": n, "url": url, "file": n, "size": 1, "zones": 1} for n in sources],
        "counts": {"zones": 9, "by_country": by_country or {}},
    }
    return Manifest.from_json(document, "a")


def row(total: int = 0, status: str = "ko", **more: Any) -> dict[str, Any]:
    known = {"country_code": "AA", "expected_max": 20.0, "expected_min": 10.0, "is_known_failure": None}
    zone_type = {"zone_type": "city", "zone_type_local_name": None}
    root = {"name": "Land", "wikidata_id": "Q1", "wikidata_ontology": None}
    return {**known, **zone_type, **root, "total": float(total), "test_status": status, **more}


def statistics(*rows: dict[str, Any]) -> Statistics:
    return Statistics.from_json(list(rows), "a")


@pytest.mark.parametrize(
    ("description", "of_release", "counted", "claimed"),
    [
        ("zones of the type below the root", manifest(), row(3), True),
        ("country without zones of the type", manifest({"AA": {"country": 1}}), row(0), False),
        ("source without zones of the type", manifest(a="AA"), row(0), False),
        ("source and zones, but no root", manifest({"AA": {"city": 3}}, a="aa"), row(-1, "skip"), True),
        ("country zone without Wikidata id", manifest({"AA": {"country": 1, "city": 3}}), row(-1, "skip"), True),
        ("zones across the border of another source", manifest({"AA": {"city": 3}}, b="BB"), row(-1, "skip"), False),
        ("another country", manifest({"BB": {"country": 1, "city": 3}}, b="BB"), row(-1, "skip"), False),
        ("no zones where none are right", manifest(), row(0, "ok", expected_min=0.0), True),
        ("root without a country code", manifest(), row(3, country_code=None), True),
        ("neither country code nor root", manifest({"": {"city": 3}}), row(-1, "skip", country_code=None), False),
        ("manifest without counts", Manifest(id="a"), row(-1, "skip"), False),
    ],
)
def test_marks_what_the_data_claim(
    description: str, of_release: Manifest, counted: dict[str, Any], claimed: bool
) -> None:
    marked = Claims.from_manifest(of_release).mark_claimed_counts(statistics(counted))
    assert marked.rows[0].claimed is claimed, description
    assert marked.count_not_claimed() == (not claimed)
    assert marked.to_json() == [{"claimed": claimed} | counted], "the fields of the original keep their values"


@pytest.mark.parametrize(
    ("extract", "of_release", "claimed"),
    [
        (SourceSettings(url="u", country_code="aa", levels=("city",)), manifest(a="AA"), True),
        (SourceSettings(url="u", country_code="AA", levels=("state",)), manifest(a="AA"), False),
        (SourceSettings(url="u", country_code="BB", levels=("city",)), manifest(a="AA"), False),
        (SourceSettings(url="u", country_code="AA", levels=("city",), enabled=False), manifest(a="AA"), False),
        (SourceSettings(url="u", country_code="AA", levels=("city",)), manifest(b="BB"), False),
    ],
    ids=["named", "another zone type", "another country", "disabled", "not a source of the release"],
)
def test_levels_of_a_source_are_claimed(extract: SourceSettings, of_release: Manifest, claimed: bool) -> None:
    marked = Claims.from_manifest(of_release, [extract]).mark_claimed_counts(statistics(row(-1, "skip")))
    assert marked.rows[0].claimed is claimed


@pytest.mark.parametrize(
    ("description", "before", "of_live", "of_release", "claimed"),
    [
        ("cities vanished", row(12, "ok", claimed=True), manifest(a=""), manifest(a=""), True),
        ("vanished before, published with a reason", row(0, claimed=True), manifest(a=""), manifest(a=""), True),
        ("statistics of an earlier version", row(12, "ok"), manifest(a=""), manifest(a=""), True),
        ("earlier version, no zones", row(0), manifest(a=""), manifest(a=""), False),
        ("never claimed", row(0, claimed=False), manifest(a=""), manifest(a=""), False),
        ("another source of the country", row(12, "ok", claimed=True), manifest(a="AA"), manifest(b="AA"), True),
        ("source taken away", row(12, "ok", claimed=True), manifest(a="AA", b="BB"), manifest(b="BB"), False),
        ("source added", row(12, "ok", claimed=True), manifest(a=""), manifest(a="", b="BB"), True),
    ],
)
def test_keeps_claims_of_the_live_release(
    description: str, before: dict[str, Any], of_live: Manifest, of_release: Manifest, claimed: bool
) -> None:
    claims = Claims.from_manifest(of_release)
    marked = claims.mark_claimed_counts(statistics(row(0)))
    assert marked.rows[0].claimed is False
    kept = claims.keep_claims_of_live_release(marked, statistics(before), Claims.from_manifest(of_live))
    assert kept.rows[0].claimed is claimed, description


def test_a_vanished_root_stays_claimed() -> None:
    claims = Claims.from_manifest(manifest(a=""))
    live = statistics(row(12, "ok", claimed=True))
    kept = claims.keep_claims_of_live_release(claims.mark_claimed_counts(statistics(row(-1, "skip"))), live, claims)
    assert kept.to_json() == [{"claimed": True} | row(-1, "skip")]


def test_claims_of_other_expectations_are_not_kept() -> None:
    claims = Claims.from_manifest(manifest(a=""))
    others = statistics(row(12, "ok", zone_type="state"), row(12, "ok", wikidata_id="Q2"))
    assert (
        claims.keep_claims_of_live_release(
            claims.mark_claimed_counts(statistics(row(0))), others, claims
        ).count_not_claimed()
        == 1
    )
