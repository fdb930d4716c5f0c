# SPDX-License-Identifier: Apache-2.0
"""Make labels: the name of a zone and of the zones above it, in the local language and in others.

A label is the name of the zone, its zip codes, and the names above it; a name that equals the one before it is left
out. The names above are the same for all children of a parent, so they are joined once for each parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .names import list_single_zip_codes
from .zone import Zone

_SEPARATOR = ", "


@dataclass(slots=True, frozen=True)
class _Ancestors:
    """The names of a zone and of the zones above it, as the end of the labels of its children.

    Attributes:
        name: of the zone.
        names: of the zone, by language.
        local: the end in the local language, separator first.
        after: the end by language, in alphabetical order.
    """

    name: str
    names: dict[str, str]
    local: str
    after: dict[str, str]

    def get_end(self, name: str, language: str | None = None) -> str:
        """Return the end of a label after `name`: the names of this zone, unless it has the same, and those above."""
        if language is None or language not in self.after:
            first, after = self.name, self.local
        else:
            first, after = self.names.get(language, self.name), self.after[language]
        return after[len(_SEPARATOR) + len(first) :] if name == first else after

    def may_repeat(self, name: str) -> bool:
        """Return whether a name equals that of this zone in some language, so that a label would repeat it."""
        return name == self.name or name in self.names.values()


class LabelMaker:
    """Makes the labels of zones, in the local language and in others.

    Args:
        zones: all zones, each at the position that is its index.
        languages: of the labels; empty means all that occur.
    """

    def __init__(self, zones: Sequence[Zone], languages: Sequence[str] = ()) -> None:
        self._zones = zones
        self._only = frozenset(languages)
        self._cached_ancestors = lru_cache(maxsize=2048)(self._collect_ancestors)

    def make_local_label(self, zone: Zone) -> str:
        """Return the label of a zone in the local language."""
        above = self._find_ancestors(zone)
        return zone.name + format_zip_codes(self._get_zip_codes(zone)) + (above.get_end(zone.name) if above else "")

    def make_international_labels(self, zone: Zone) -> dict[str, str]:
        """Return the labels of a zone by language code, for every language of the zone or of a zone above it."""
        above, names = self._find_ancestors(zone), self._select_names(zone)
        zips = format_zip_codes(self._get_zip_codes(zone))
        if above is None:
            return {language: names[language] + zips for language in sorted(names)}
        head = zone.name + zips
        if above.may_repeat(zone.name):
            made = {language: head + above.get_end(zone.name, language) for language in above.after}
        else:
            made = {language: head + after for language, after in above.after.items()}
        fresh = False
        for language, own in names.items():
            fresh = fresh or language not in made
            made[language] = own + zips + above.get_end(own, language)
        return dict(sorted(made.items())) if fresh else made

    def _get_zip_codes(self, zone: Zone) -> list[str]:
        return list_single_zip_codes(zone.zip_codes)

    def _select_names(self, zone: Zone) -> dict[str, str]:
        if not self._only:
            return zone.names
        return {language: name for language, name in zone.names.items() if language in self._only}

    def _find_ancestors(self, zone: Zone) -> _Ancestors | None:
        return None if zone.parent is None else self._cached_ancestors(zone.parent)

    def _collect_ancestors(self, index: int) -> _Ancestors:
        zone = self._zones[index]
        above, names = self._find_ancestors(zone), self._select_names(zone)
        languages = sorted((above.after.keys() if above else set()) | names.keys())
        after = {}
        for language in languages:
            first = names.get(language, zone.name)
            after[language] = _SEPARATOR + first + (above.get_end(first, language) if above else "")
        local = _SEPARATOR + zone.name + (above.get_end(zone.name) if above else "")
        return _Ancestors(zone.name, names, local, after)


def format_zip_codes(codes: Sequence[str]) -> str:
    """Return sorted postcodes as part of a label: ` (1234)` for one, ` (1234-1299)` for several, blank for none."""
    if not codes:
        return ""
    return f" ({codes[0]})" if len(codes) == 1 else f" ({codes[0]}-{codes[-1]})"
