# SPDX-License-Identifier: Apache-2.0
"""Find country and parent of every zone as the original does, independently of each other."""

from __future__ import annotations

from collections.abc import Sequence

from ..hierarchy.hierarchy import HierarchyBuilder
from ..osm.country_codes import COUNTRY_TAG
from ..zones.zone import Zone


class OriginalHierarchyBuilder(HierarchyBuilder):
    """Sets country and parent as Cosmogony 0.14.5 does: independently, by country codes in upper case only."""

    def _find_country_codes(self) -> dict[int, str]:
        codes = {zone.index: zone.tags.get(COUNTRY_TAG) for zone in self._zones}
        return {index: code for index, code in codes.items() if code is not None and code in self._rules}

    def _choose_country(self, zone: Zone, candidates: Sequence[int]) -> int:
        return max(candidates, key=lambda index: (self._level(index), index))

    def _may_be_parent(self, zone: Zone, other: Zone) -> bool:
        return True
