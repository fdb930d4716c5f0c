# SPDX-License-Identifier: Apache-2.0
"""Count zones by admin_level and type, and zones that the boundary rules do not cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..zones.zone import Zone


@dataclass(slots=True)
class ZoneStatistics:
    """Numbers of zones by admin_level and type, and of zones that the boundary rules do not cover."""

    level_counts: Counter[int] = field(default_factory=Counter)
    zone_type_counts: Counter[str] = field(default_factory=Counter)
    wikidata_counts: Counter[int] = field(default_factory=Counter)
    unknown_country: Counter[str] = field(default_factory=Counter)
    unhandled_level: dict[str, Counter[int]] = field(default_factory=dict)
    zone_without_country: int = 0

    def count_level_without_rule(self, country: str, level: int | None) -> None:
        """Count a zone whose admin_level has no rule in its country; a zone without one counts as level 0."""
        self.unhandled_level.setdefault(country, Counter())[level or 0] += 1

    def count_zones(self, zones: Iterable[Zone]) -> None:
        """Count the zones that are written, by admin_level, type and wikidata id."""
        for zone in zones:
            self.level_counts[zone.level or 0] += 1
            if zone.type is not None:
                self.zone_type_counts[zone.type.camel_case_name] += 1
            if zone.wikidata is not None:
                self.wikidata_counts[zone.level or 0] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return the counts under the keys that Cosmogony 0.14.5 has, one of them misspelt."""
        return {
            "level_counts": _by_number(self.level_counts),
            "zone_type_counts": dict(sorted(self.zone_type_counts.items())),
            "wikidata_counts": _by_number(self.wikidata_counts),
            "zone_with_unkwown_country_rules": dict(sorted(self.unknown_country.items())),
            "unhandled_admin_level": {
                country: _by_number(levels) for country, levels in sorted(self.unhandled_level.items())
            },
            "zone_without_country": self.zone_without_country,
        }

    def summarize(self) -> str:
        """Return the counts as text of several lines, for the log."""
        lines = [f"Admin level {level}: {count} zones" for level, count in sorted(self.level_counts.items())]
        lines.append(f"with wikidata id: {sum(self.wikidata_counts.values())}")
        lines += [f"{name}: {count} zones" for name, count in sorted(self.zone_type_counts.items())]
        if self.zone_without_country:
            lines.append(f"without country: {self.zone_without_country}")
        for country, count in sorted(self.unknown_country.items()):
            lines.append(f"no rules for country {country}: {count}")
        for country, levels in sorted(self.unhandled_level.items()):
            found = ", ".join(f"{level} ({count})" for level, count in sorted(levels.items()))
            lines.append(f"levels of {country} without rule: {found}")
        return "\n".join(lines)


def _by_number(counts: Counter[int]) -> dict[str, int]:
    return {str(number): count for number, count in sorted(counts.items())}
