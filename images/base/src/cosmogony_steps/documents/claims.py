# SPDX-License-Identifier: Apache-2.0
"""Claims: which countries and zone types the data of a release are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from msgspec import UNSET
from msgspec.structs import replace

from ..settings import SourceSettings
from .manifest import Manifest
from .states import CountStatus
from .statistics import ExpectedCount, Statistics


@dataclass(frozen=True, slots=True)
class Claims:
    """Countries and zone types that a release claims to contain."""

    source_names: frozenset[str]
    source_countries: frozenset[str]  # country codes of the sources
    counts: Mapping[str, Mapping[str, int]]  # zones by country code and zone type
    levels: frozenset[tuple[str, str]] = frozenset()  # country code and zone type, as settings of sources name them

    @classmethod
    def from_manifest(cls, manifest: Manifest, extracts: Iterable[SourceSettings] = ()) -> Self:
        """Take the sources and the counts of a manifest; without them a release claims only what was counted.

        Args:
            manifest: of the release.
            extracts: the sources in the settings, for their `levels`.
        """
        inputs = manifest.inputs.sources if manifest.inputs else ()
        return cls(
            source_names=frozenset(source.name for source in manifest.sources),
            source_countries=frozenset(source.country_code.upper() for source in inputs if source.country_code),
            counts=manifest.counts.by_country if manifest.counts else {},
            levels=frozenset(
                (extract.country_code.strip().upper(), level)
                for extract in extracts
                if extract.enabled
                for level in extract.levels
            ),
        )

    def mark_claimed_counts(self, statistics: Statistics) -> Statistics:
        """Return the statistics with the field `claimed` in each row."""
        return Statistics(tuple(replace(row, claimed=self._includes(row)) for row in statistics.rows))

    def keep_claims_of_live_release(self, statistics: Statistics, live: Statistics, live_claims: Claims) -> Statistics:
        """Return the statistics with the claims of the live release, so that what vanished counts as wrong.

        A claim of the live release is given up only where a source was taken away and the country has no other.

        Args:
            statistics: those of the release that these are the claims of.
            live: the statistics of the live release.
            live_claims: the claims of the live release.
        """
        claimed_before = {row.identity for row in live.rows if _was_claimed(row)}
        has_all_sources = live_claims.source_names <= self.source_names
        return Statistics(
            tuple(
                replace(row, claimed=True)
                if row.identity in claimed_before and (has_all_sources or row.country_code in self.source_countries)
                else row
                for row in statistics.rows
            )
        )

    def _includes(self, row: ExpectedCount) -> bool:
        zones = self.counts.get(row.country_code, {}) if row.country_code else {}
        has_root = row.total >= 0
        has_country = has_root or row.country_code in self.source_countries or bool(zones.get("country"))
        has_type = row.test_status == CountStatus.OK or row.total > 0 or bool(zones.get(row.zone_type))
        is_named = (row.country_code, row.zone_type) in self.levels
        return has_country and (has_type or is_named)


def _was_claimed(row: ExpectedCount) -> bool:
    """Return whether a release claimed the zone type; one of an earlier version claims the types that it has."""
    return row.total > 0 if row.claimed is UNSET else row.claimed
