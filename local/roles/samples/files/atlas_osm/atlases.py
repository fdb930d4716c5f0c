# SPDX-License-Identifier: Apache-2.0
"""Relations from the shapes of an atlas: world-atlas has countries, us-atlas the nation, its states and counties.

Numbers begin at 9 * 10^12, far above those of OSM. That of a country contains its ISO number, so the United States have
the same in both files: a merge keeps the larger copy, that of the world, whose borders its neighbours share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .borders import Borders
from .countries import Countries, Country, read_state_codes
from .errors import AtlasError
from .osm_writer import Relation
from .topojson import Shape, Topology

FIRST = 9_000_000_000_000
_UNNUMBERED = FIRST + 1_000  # first relation id of countries without a number of ISO 3166-1
_STATES = FIRST + 10_000  # plus a state's FIPS code, two digits: its relation id
_COUNTIES = FIRST + 100_000  # plus a county's FIPS code, five digits: its relation id
_UNITED_STATES = FIRST + 840
#: Relation ids in world-atlas of American Samoa, Guam, Northern Marianas, Puerto Rico, US Virgin Islands.
_TERRITORIES = tuple(FIRST + number for number in (16, 316, 580, 630, 850))


@dataclass(frozen=True, slots=True)
class Atlas:
    """A kind of atlas: the function that makes OSM relations of it, and the first id of its ways and nodes."""

    make_relations: Callable[[Topology, Borders, str], list[Relation]]
    first_id: int


def _make_tags(name: str, level: int, source: str, **more: str) -> dict[str, str]:
    return {
        "type": "boundary",
        "boundary": "administrative",
        "admin_level": str(level),
        "name": name,
        "name:en": name,
        "source": source,
        **more,
    }


def _make_country(country: Country, number: int, name: str, source: str, borders: Borders, *shapes: Shape) -> Relation:
    tags = _make_tags(country.name or name, country.admin_level, source, **country.make_tags())
    return Relation(number, tags, borders.list_members(*shapes))


def make_world_relations(topology: Topology, borders: Borders, source: str) -> list[Relation]:
    """Return the relations of all countries of world-atlas; territories of the United States are part of it."""
    known = Countries()
    parts: dict[int, list[Shape]] = {}
    for position, shape in enumerate(topology.get_layer("countries")):
        country = known.find_by_shape(shape)
        number = _UNNUMBERED + position if country is None or country.numeric is None else FIRST + country.numeric
        parts.setdefault(number, []).append(shape)  # several shapes of the atlas can belong to one country
    territories = [shape for number in _TERRITORIES for shape in parts.pop(number, [])]
    relations = []
    for number, shapes in parts.items():
        name, country = shapes[0].name, known.find_by_shape(shapes[0])
        covered = shapes + (territories if number == _UNITED_STATES else [])
        if country is None:
            relations.append(Relation(number, _make_tags(name, 2, source), borders.list_members(*covered)))
        else:
            relations.append(_make_country(country, number, name, source, borders, *covered))
    return relations


def make_united_states_relations(topology: Topology, borders: Borders, source: str) -> list[Relation]:
    """Return the relations of us-atlas: the United States, its states and territories, and their counties."""
    country = Countries().get_by_number(_UNITED_STATES - FIRST)
    nation = topology.get_layer("nation")
    relations = [_make_country(country, _UNITED_STATES, "", source, borders, *nation)]
    codes = read_state_codes()
    for shape in topology.get_layer("states"):
        if shape.key not in codes:
            raise AtlasError(f"state {shape.key} ({shape.name}): data/states.tsv has no line")
        more = {"ISO3166-2": codes[shape.key], "ref:fips": shape.key}
        tags = _make_tags(shape.name, 4, source, **more)
        relations.append(Relation(_STATES + int(shape.key), tags, borders.list_members(shape)))
    for shape in topology.get_layer("counties"):
        key = shape.key or ""
        tags = _make_tags(shape.name, 6, source, **{"nist:fips_code": key})
        relations.append(Relation(_COUNTIES + int(key), tags, borders.list_members(shape)))
    return relations


ATLASES = {
    "world": Atlas(make_world_relations, FIRST),
    "united_states": Atlas(make_united_states_relations, FIRST + 100_000_000),
}
