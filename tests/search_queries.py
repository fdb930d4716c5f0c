# SPDX-License-Identifier: Apache-2.0
"""Questions to a search by name, drawn from a file of zones: the same for the same file and seed.

    search_queries.py ZONES.jsonl.gz [SEED]

prints one JSON object a line. An answer is right when its first zone has the osm_id, or the same name and type.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

COUNTS = {"name": 40, "prefix": 20, "misspelt": 20, "language": 20}
PREFIX = 4  # letters
# Keys of names in a language; name:etymology, for example, names no language.
LANGUAGE = re.compile(r"name:([a-z]{2,3}([-_][A-Za-z0-9]+)*)")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Query:
    """A question, and the zone that it asks for."""

    kind: str  # one of COUNTS
    text: str
    osm_id: str
    name: str
    zone_type: str

    def accepts(self, zone: Mapping[str, Any] | None) -> bool:
        """Whether a zone with osm_id, name and zone_type is a right first answer."""
        if zone is None:
            return False
        return zone["osm_id"] == self.osm_id or (zone["name"], zone["zone_type"]) == (self.name, self.zone_type)


def read_zones(path: Path) -> list[dict[str, Any]]:
    """The zones of a file that have a geometry and a name, in its order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return select_zones(map(json.loads, lines))


def select_zones(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records that can be asked for: with a geometry and a name."""
    return [record for record in records if record["geometry"] is not None and record["name"]]


def draw_queries(zones: list[dict[str, Any]], seed: int = 1) -> list[Query]:
    """Draw 100 questions, each with one right answer.

    A name that zones of several names or types have, in any language, is left out: that of a suburb that is called like
    its city, for example. So is a beginning that several zones' names have.
    """
    chance = random.Random(seed)
    names = {zone["osm_id"]: {zone["name"], *_collect_translations(zone).values()} for zone in zones}
    begins = Counter(begin for own in names.values() for begin in {_cut(name) for name in own})
    called: dict[str, set[tuple[str, str]]] = {}
    for zone in zones:
        for name in names[zone["osm_id"]]:
            called.setdefault(name.casefold(), set()).add((zone["name"], zone["zone_type"]))

    def is_clear(name: str) -> bool:
        return len(called[name.casefold()]) == 1

    clear = [zone for zone in zones if is_clear(zone["name"])]
    long = [zone for zone in clear if zone["name"].isalpha() and len(zone["name"]) > PREFIX]
    translated = {zone["osm_id"]: sorted(filter(is_clear, names[zone["osm_id"]] - {zone["name"]})) for zone in zones}
    drawn = [
        *(_ask("name", zone, zone["name"]) for zone in _choose(chance, "name", clear)),
        *(
            _ask("prefix", zone, zone["name"][:PREFIX])
            for zone in _choose(chance, "prefix", [zone for zone in long if begins[_cut(zone["name"])] == 1])
        ),
        *(_ask("misspelt", zone, _misspell(chance, zone["name"])) for zone in _choose(chance, "misspelt", long)),
    ]
    for zone in _choose(chance, "language", [zone for zone in zones if translated[zone["osm_id"]]]):
        drawn.append(_ask("language", zone, chance.choice(translated[zone["osm_id"]])))
    return drawn


def _choose(chance: random.Random, kind: str, zones: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return chance.sample(zones, COUNTS[kind]) if len(zones) >= COUNTS[kind] else chance.choices(zones, k=COUNTS[kind])


def _ask(kind: str, zone: Mapping[str, Any], text: str) -> Query:
    return Query(kind, text, zone["osm_id"], zone["name"], zone["zone_type"])


def _collect_translations(zone: Mapping[str, Any]) -> dict[str, str]:
    return {found[1]: name for key, name in zone["tags"].items() if (found := LANGUAGE.fullmatch(key))}


def _cut(name: str) -> str:
    return name[:PREFIX].casefold()


def _misspell(chance: random.Random, name: str) -> str:
    """Replace one letter, but not the first, by another."""
    place = chance.randrange(1, len(name))
    wrong = chance.choice([letter for letter in LETTERS if letter != name[place].casefold()])
    return name[:place] + wrong + name[place + 1 :]


if __name__ == "__main__":
    for query in draw_queries(read_zones(Path(sys.argv[1])), int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        print(json.dumps(asdict(query), ensure_ascii=False))
