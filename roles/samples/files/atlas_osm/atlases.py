# SPDX-License-Identifier: Apache-2.0
"""The relations of an atlas: world-atlas has the countries, us-atlas the nation, its states and counties.

Numbers begin at 9 * 10^12, far above those of OSM. A country's is made of its ISO number, so that both files know
the United States under one: a merge keeps the larger copy, that of the world, whose borders its neighbours share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .errors import AtlasError
from .facts import Countries, Country, states
from .mesh import Mesh
from .osmfile import Relation
from .topojson import Shape, Topology

FIRST = 9_000_000_000_000
_UNNUMBERED = FIRST + 1_000  # below it the numbers of ISO 3166-1
_STATES = FIRST + 10_000  # the number of a state is two digits long
_COUNTIES = FIRST + 100_000  # that of a county five
_UNITED_STATES = FIRST + 840
#: States for us-atlas, countries for world-atlas: American Samoa, Guam, Northern Marianas, Puerto Rico, US Virgin Is.
_TERRITORIES = tuple(FIRST + number for number in (16, 316, 580, 630, 850))


@dataclass(frozen=True, slots=True)
class Atlas:
    """How an atlas becomes relations, and the first number of its ways and nodes."""

    relations: Callable[[Topology, Mesh, str], list[Relation]]
    first_id: int


def _tags(name: str, level: int, source: str, **more: str) -> dict[str, str]:
    return {
        "type": "boundary",
        "boundary": "administrative",
        "admin_level": str(level),
        "name": name,
        "name:en": name,
        "source": source,
        **more,
    }


def _country(country: Country, number: int, name: str, source: str, mesh: Mesh, *shapes: Shape) -> Relation:
    tags = _tags(country.name or name, country.admin_level, source, **country.tags())
    return Relation(number, tags, mesh.members(*shapes))


def world(topology: Topology, mesh: Mesh, source: str) -> list[Relation]:
    """All countries. The territories that are states in us-atlas belong to the United States here, too."""
    known = Countries()
    parts: dict[int, list[Shape]] = {}
    for position, shape in enumerate(topology.layer("countries")):
        country = known.of(shape)
        number = _UNNUMBERED + position if country is None or country.numeric is None else FIRST + country.numeric
        parts.setdefault(number, []).append(shape)  # several shapes can have the number of one country
    territories = [shape for number in _TERRITORIES for shape in parts.pop(number, [])]
    made = []
    for number, shapes in parts.items():
        name, country = shapes[0].name, known.of(shapes[0])
        covered = shapes + (territories if number == _UNITED_STATES else [])
        if country is None:
            made.append(Relation(number, _tags(name, 2, source), mesh.members(*covered)))
        else:
            made.append(_country(country, number, name, source, mesh, *covered))
    return made


def united_states(topology: Topology, mesh: Mesh, source: str) -> list[Relation]:
    """The nation, its states and territories, their counties."""
    country = Countries().number(_UNITED_STATES - FIRST)
    nation = topology.layer("nation")
    made = [_country(country, _UNITED_STATES, "", source, mesh, *nation)]
    codes = states()
    for shape in topology.layer("states"):
        if shape.key not in codes:
            raise AtlasError(f"state {shape.key} ({shape.name}): data/states.tsv has no line")
        more = {"ISO3166-2": codes[shape.key], "ref:fips": shape.key}
        made.append(Relation(_STATES + int(shape.key), _tags(shape.name, 4, source, **more), mesh.members(shape)))
    for shape in topology.layer("counties"):
        key = shape.key or ""
        made.append(
            Relation(_COUNTIES + int(key), _tags(shape.name, 6, source, **{"nist:fips_code": key}), mesh.members(shape))
        )
    return made


ATLASES = {
    "world": Atlas(world, FIRST),
    "united_states": Atlas(united_states, FIRST + 100_000_000),
}
