# SPDX-License-Identifier: Apache-2.0
"""The rank of a zone: which of two zones with the same name somebody more likely means."""

from __future__ import annotations

import math

TYPE_RANKS = {
    "country": 1.0,
    "country_region": 0.6,
    "state": 0.7,
    "state_district": 0.5,
    "city": 0.55,
    "city_district": 0.3,
    "suburb": 0.2,
    "non_administrative": 0.2,
}
OTHER_TYPE = 0.1
TYPE_SHARE = 0.6  # of the rank; the rest is the size of the zone
MAX_POPULATION = 1e9
SPARSE = 20.0  # inhabitants per square kilometre that count where the population is not known; most cities have more


def rank_zone(zone_type: str | None, population: int | None, area: float) -> float:
    """Return how important a zone is, from 0 to 1: by its type, then its population, or by its area without one.

    Args:
        zone_type: of the zone.
        population: number of inhabitants, None if it is not known.
        area: in square metres.
    """
    people = area / 1e6 * SPARSE if population is None else population
    size = min(1.0, math.log1p(max(0.0, people)) / math.log1p(MAX_POPULATION))
    return TYPE_SHARE * TYPE_RANKS.get(zone_type or "", OTHER_TYPE) + (1 - TYPE_SHARE) * size
