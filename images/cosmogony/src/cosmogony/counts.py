# SPDX-License-Identifier: Apache-2.0
"""Counts of zones by type and country."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def count_by_type_and_country(zones: Iterable[tuple[str, str]]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Return the number of zones by type, and by country and type, both in alphabetical order.

    Args:
        zones: zone type and country code of each; the code is blank for a zone in no known country.
    """
    by_type: Counter[str] = Counter()
    by_country: dict[str, Counter[str]] = {}
    for zone_type, country in zones:
        by_type[zone_type] += 1
        by_country.setdefault(country, Counter())[zone_type] += 1
    return _sort(by_type), {country: _sort(counts) for country, counts in sorted(by_country.items())}


def _sort(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
