# SPDX-License-Identifier: Apache-2.0
"""Labels: the names up the hierarchy, in the local language and in all others.

A label is the zone's own name, its zip codes, and the names above it; a name that equals the one before it is left
out. What lies above a zone is the same for all its children, so it is put together once for each parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .names import plain_zip_codes
from .zone import Zone

_SEPARATOR = ", "


@dataclass(slots=True, frozen=True)
class _Above:
    """What follows a name below this zone: locally, and by language in the order of the languages."""

    name: str
    names: dict[str, str]
    local: str
    after: dict[str, str]

    def follow(self, name: str, language: str | None = None) -> str:
        """What follows `name`: all names from here up, the first one not if it is the same."""
        if language is None or language not in self.after:
            first, after = self.name, self.local
        else:
            first, after = self.names.get(language, self.name), self.after[language]
        return after[len(_SEPARATOR) + len(first) :] if name == first else after

    def may_repeat(self, name: str) -> bool:
        """Whether a name is the first one here, in some language."""
        return name == self.name or name in self.names.values()


class Labels:
    """Makes the labels of zones; `languages` restricts them (empty: all that occur)."""

    def __init__(self, zones: Sequence[Zone], languages: Sequence[str] = ()) -> None:
        self._zones = zones
        self._only = frozenset(languages)
        self._from = lru_cache(maxsize=2048)(self._make)

    def label(self, zone: Zone) -> str:
        above = self._above(zone)
        return zone.name + zip_suffix(self._zip_codes(zone)) + (above.follow(zone.name) if above else "")

    def international(self, zone: Zone) -> dict[str, str]:
        """Labels by language: every language of the zone or of a zone above it."""
        above, names = self._above(zone), self._names(zone)
        zips = zip_suffix(self._zip_codes(zone))
        if above is None:
            return {language: names[language] + zips for language in sorted(names)}
        head = zone.name + zips
        if above.may_repeat(zone.name):
            made = {language: head + above.follow(zone.name, language) for language in above.after}
        else:
            made = {language: head + after for language, after in above.after.items()}
        fresh = False
        for language, own in names.items():
            fresh = fresh or language not in made
            made[language] = own + zips + above.follow(own, language)
        return dict(sorted(made.items())) if fresh else made

    def _zip_codes(self, zone: Zone) -> list[str]:
        return plain_zip_codes(zone.zip_codes)

    def _names(self, zone: Zone) -> dict[str, str]:
        if not self._only:
            return zone.names
        return {language: name for language, name in zone.names.items() if language in self._only}

    def _above(self, zone: Zone) -> _Above | None:
        return None if zone.parent is None else self._from(zone.parent)

    def _make(self, index: int) -> _Above:
        zone = self._zones[index]
        above, names = self._above(zone), self._names(zone)
        languages = sorted((above.after.keys() if above else set()) | names.keys())
        after = {}
        for language in languages:
            first = names.get(language, zone.name)
            after[language] = _SEPARATOR + first + (above.follow(first, language) if above else "")
        local = _SEPARATOR + zone.name + (above.follow(zone.name) if above else "")
        return _Above(zone.name, names, local, after)


def zip_suffix(codes: Sequence[str]) -> str:
    """` (1234)` for one code, ` (1234-1299)` for several."""
    if not codes:
        return ""
    return f" ({codes[0]})" if len(codes) == 1 else f" ({codes[0]}-{codes[-1]})"
