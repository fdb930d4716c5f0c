# SPDX-License-Identifier: Apache-2.0
"""Labels: the names up the hierarchy, in the local language and in all others.

A label is the zone's own name, its zip codes, and the names above it; a name that equals the one before it is left
out. What lies above a zone is the same for all its children, so it is put together once for each parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .zone import Zone

_SEPARATOR = ", "


@dataclass(slots=True, frozen=True)
class _Chain:
    """Names from a zone upwards in one language."""

    first: str
    rest: str  # begins with the separator, or empty

    def text(self) -> str:
        return self.first + self.rest


class Labels:
    """Makes the labels of zones; `languages` restricts them (empty: all that occur)."""

    def __init__(self, zones: Sequence[Zone], languages: Sequence[str] = ()) -> None:
        self._zones = zones
        self._only = frozenset(languages)
        self._chains = lru_cache(maxsize=4096)(self._make_chains)

    def label(self, zone: Zone) -> str:
        default, _ = self._above(zone)
        return zone.name + zip_suffix(zone.zip_codes) + _rest(zone.name, default)

    def international(self, zone: Zone) -> dict[str, str]:
        """Labels by language: every language of the zone or of a zone above it."""
        default, above = self._above(zone)
        names = zone.names
        zips = zip_suffix(zone.zip_codes)
        name = zone.name
        only = self._only
        made: dict[str, str] = {}
        for language in sorted(above.keys() | names.keys()):
            if only and language not in only:
                continue
            first = names.get(language, name)
            chain = above.get(language, default)
            if chain is None:
                made[language] = first + zips
            elif chain.first == first:
                made[language] = first + zips + chain.rest
            else:
                made[language] = f"{first}{zips}, {chain.first}{chain.rest}"
        return made

    def _above(self, zone: Zone) -> tuple[_Chain | None, dict[str, _Chain]]:
        return (None, {}) if zone.parent is None else self._chains(zone.parent)

    def _make_chains(self, index: int) -> tuple[_Chain, dict[str, _Chain]]:
        """The chain that begins at a zone, in the local language and in all others."""
        zone = self._zones[index]
        default, above = self._above(zone)
        own = _Chain(zone.name, _rest(zone.name, default))
        made = {}
        for language in above.keys() | zone.names.keys():
            if self._only and language not in self._only:
                continue
            first = zone.names.get(language, zone.name)
            made[language] = _Chain(first, _rest(first, above.get(language, default)))
        return own, made


def _rest(first: str, chain: _Chain | None) -> str:
    if chain is None:
        return ""
    return chain.rest if chain.first == first else _SEPARATOR + chain.text()


def zip_suffix(codes: Sequence[str]) -> str:
    """` (1234)` for one code, ` (1234-1299)` for several."""
    if not codes:
        return ""
    return f" ({codes[0]})" if len(codes) == 1 else f" ({codes[0]}-{codes[-1]})"
