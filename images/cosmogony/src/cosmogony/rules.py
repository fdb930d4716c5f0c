# SPDX-License-Identifier: Apache-2.0
"""Read the boundary rules, which give administrative OSM objects their zone type, by country.

The table is a tab separated file with one fact per line (data/README.md describes it). It is checked while it is read,
so that a mistake in an edited table is reported with its line number instead of showing as a missing zone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from .errors import CosmogonyError
from .zones.zone_type import TYPES_BY_WORD, ZoneType

HEADER = ["country", "kind", "container", "key", "type"]
_COUNTRY = re.compile(r"[A-Z]{2}")
_RELATION = re.compile(r"relation:[1-9][0-9]*")
_OBJECT = re.compile(r"(relation|node|way):[1-9][0-9]*")
_LEVEL = re.compile(r"[0-9]+")
_NONE = "-"


@dataclass(slots=True)
class CountryRules:
    """The boundary rules of one country.

    Attributes:
        levels: the type of each admin_level.
        ids: the type of single objects, by OSM id; None for an object that is not a zone.
        containers: the type of each admin_level within a relation, by the OSM id of the relation.
    """

    levels: dict[int, ZoneType] = field(default_factory=dict)
    ids: dict[str, ZoneType | None] = field(default_factory=dict)
    containers: dict[str, dict[int, ZoneType]] = field(default_factory=dict)

    def decide_zone_type(
        self, osm_id: str, level: int | None, containers: Sequence[str]
    ) -> tuple[ZoneType | None, str]:
        """Return the type that the rules give a zone, and the rule that decides, in words.

        Args:
            osm_id: the zone.
            level: its admin_level.
            containers: the OSM ids of the zones that contain it.

        Returns:
            The type, None if it is not a zone, and the rule that decides, in words.
        """
        if osm_id in self.ids:
            return self.ids[osm_id], f"the rule for {osm_id}"
        wanted = 0 if level is None else level
        if self.containers:
            known = [c for c in containers if c in self.containers]
            if known:
                # if several containers have rules, the one with the smallest relation id decides
                first = min(known, key=lambda c: int(c.partition(":")[2]))
                found = self.containers[first].get(wanted)
                if found is not None:
                    return found, f"the rule for admin_level {wanted} within {first}"
        return self.levels.get(wanted), f"admin_level {'none' if level is None else level}"


@dataclass(slots=True)
class Rules:
    """The boundary rules of all countries, with the sha256 of the table and where it comes from."""

    countries: dict[str, CountryRules]
    digest: str
    origin: str

    def __contains__(self, country: object) -> bool:
        return country in self.countries

    def find_country_rules(self, code: str) -> CountryRules | None:
        """Return the rules of a country by ISO 3166-1 alpha-2 code, None if there are none."""
        return self.countries.get(code)


def parse_rules(lines: Iterable[str], *, origin: str, digest: str = "") -> Rules:
    """Return the rules in the lines of a table; raise an error for a wrong line.

    Args:
        lines: the header, then one fact per line.
        origin: where the table comes from, for messages.
        digest: sha256 of the table.

    Raises:
        CosmogonyError: a line is wrong; the message names it.
    """
    countries: dict[str, CountryRules] = {}
    for number, line in enumerate(lines, start=1):
        cells = line.rstrip("\r\n").split("\t")
        if number == 1:
            if cells != HEADER:
                raise CosmogonyError(f"{origin}: the first line must be the header {' '.join(HEADER)} (tab separated)")
            continue
        if cells == [""]:
            continue
        problem = _add(countries, cells)
        if problem:
            raise CosmogonyError(f"{origin}, line {number}: {problem}")
    if not countries:
        raise CosmogonyError(f"{origin}: the rules table has no facts")
    return Rules(countries, digest, origin)


def _add(countries: dict[str, CountryRules], cells: list[str]) -> str | None:
    """Add the rule in one line of the table; return what is wrong with the line, None if it is right."""
    if len(cells) != len(HEADER):
        return f"{len(cells)} columns, {len(HEADER)} are needed ({' '.join(HEADER)})"
    code, kind, container, key, word = cells
    if not _COUNTRY.fullmatch(code):
        return f"country {code!r} is not an upper case ISO 3166-1 alpha-2 code"
    if word != _NONE and word not in TYPES_BY_WORD:
        return f"type {word!r} is unknown, one of {', '.join(TYPES_BY_WORD)} is needed"
    zone_type = TYPES_BY_WORD.get(word)
    rules = countries.setdefault(code, CountryRules())
    if kind == "level":
        return _add_level(rules.levels, container, key, zone_type)
    if kind == "id":
        return _add_id(rules.ids, container, key, zone_type)
    if kind == "within":
        return _add_within(rules.containers, container, key, zone_type)
    return f"kind {kind!r} is unknown, one of level, id, within is needed"


def _add_level(levels: dict[int, ZoneType], container: str, key: str, zone_type: ZoneType | None) -> str | None:
    if container != _NONE:
        return "a level line has no container: write -"
    if not _LEVEL.fullmatch(key) or zone_type is None:
        return "a level line needs an admin_level in digits as key, and a type"
    if int(key) in levels:
        return f"level {key} is given twice for this country"
    levels[int(key)] = zone_type
    return None


def _add_id(ids: dict[str, ZoneType | None], container: str, key: str, zone_type: ZoneType | None) -> str | None:
    if container != _NONE:
        return "an id line has no container: write -"
    if not _OBJECT.fullmatch(key):
        return f"key {key!r} is not an OSM object such as relation:1234"
    if key in ids:
        return f"{key} is given twice for this country"
    ids[key] = zone_type
    return None


def _add_within(
    containers: dict[str, dict[int, ZoneType]], container: str, key: str, zone_type: ZoneType | None
) -> str | None:
    if not _RELATION.fullmatch(container):
        return f"container {container!r} is not a relation such as relation:1234"
    levels = containers.setdefault(container, {})
    if key == _NONE and zone_type is None:
        return None
    return _add_level(levels, _NONE, key, zone_type)


@cache
def _packaged() -> Rules:
    return _read(Path(__file__).parent / "data" / "admin_levels.tsv", "the packaged rules")


def _read(path: Path, origin: str) -> Rules:
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise CosmogonyError(f"rules {origin}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CosmogonyError(f"rules {origin}: is not UTF-8 text ({error.reason} at byte {error.start})") from error
    return parse_rules(text.splitlines(), origin=origin, digest=hashlib.sha256(content).hexdigest())


def load_rules(path: Path | str | None = None) -> Rules:
    """Return the rules in a file, or with None those that the package contains.

    Raises:
        CosmogonyError: the file cannot be read, or has a wrong line.
    """
    return _packaged() if path is None else _read(Path(path), str(path))


def normalize_country_code(country_code: str | None, rules: Rules) -> str | None:
    """Return a country code in upper case, None if none is given; raise if the rules do not know the country.

    Raises:
        CosmogonyError: the rules do not know the country.
    """
    if not country_code:
        return None
    code = country_code.upper()
    if code not in rules:
        raise CosmogonyError(
            f"country {country_code!r}: the rules know no such country. "
            "Give an ISO 3166-1 alpha-2 code, or a table that has it with --rules."
        )
    return code
