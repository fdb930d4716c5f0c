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

    def after(self, name: str) -> str:
        """What follows a name below this chain."""
        return self.rest if name == self.first else _SEPARATOR + self.first + self.rest


@dataclass(slots=True, frozen=True)
class _Above:
    """The chains that begin at a zone: local, and by language in the order of the languages."""

    default: _Chain | None
    chains: dict[str, _Chain]
    firsts: frozenset[str]
    after: list[tuple[str, str]]  # language, and what follows a name that is not the first one of the chain


_TOP = _Above(None, {}, frozenset(), [])


class Labels:
    """Makes the labels of zones; `languages` restricts them (empty: all that occur)."""

    def __init__(self, zones: Sequence[Zone], languages: Sequence[str] = ()) -> None:
        self._zones = zones
        self._only = frozenset(languages)
        self._from = lru_cache(maxsize=4096)(self._make)

    def label(self, zone: Zone) -> str:
        above = self._above(zone)
        return zone.name + zip_suffix(zone.zip_codes) + _after(zone.name, above.default)

    def international(self, zone: Zone) -> dict[str, str]:
        """Labels by language: every language of the zone or of a zone above it."""
        above = self._above(zone)
        name, zips = zone.name, zip_suffix(zone.zip_codes)
        head = name + zips
        if name in above.firsts:
            made = {language: head + chain.after(name) for language, chain in above.chains.items()}
        else:
            made = {language: head + after for language, after in above.after}
        fresh = False
        for language, own in self._names(zone).items():
            fresh = fresh or language not in made
            made[language] = own + zips + _after(own, above.chains.get(language, above.default))
        return dict(sorted(made.items())) if fresh else made

    def _names(self, zone: Zone) -> dict[str, str]:
        if not self._only:
            return zone.names
        return {language: name for language, name in zone.names.items() if language in self._only}

    def _above(self, zone: Zone) -> _Above:
        return _TOP if zone.parent is None else self._from(zone.parent)

    def _make(self, index: int) -> _Above:
        zone = self._zones[index]
        above, names = self._above(zone), self._names(zone)
        chains = {}
        for language in sorted(above.chains.keys() | names.keys()):
            first = names.get(language, zone.name)
            chains[language] = _Chain(first, _after(first, above.chains.get(language, above.default)))
        return _Above(
            _Chain(zone.name, _after(zone.name, above.default)),
            chains,
            frozenset(chain.first for chain in chains.values()),
            [(language, _SEPARATOR + chain.first + chain.rest) for language, chain in chains.items()],
        )


def _after(name: str, chain: _Chain | None) -> str:
    return "" if chain is None else chain.after(name)


def zip_suffix(codes: Sequence[str]) -> str:
    """` (1234)` for one code, ` (1234-1299)` for several."""
    if not codes:
        return ""
    return f" ({codes[0]})" if len(codes) == 1 else f" ({codes[0]}-{codes[-1]})"
